/**
 * Says where topics stand in this deployment's table alone: a start on an empty database, which knows what is configured and what
 * is published, would read less than there is.
 */
import type { TopicId } from "../../core/ledger/ids";
import type { RegisteredTopic } from "../../core/shards/registered-topic";
import type { Incidents } from "../health/incidents";
import type { RegistryCache } from "./registry-cache";

interface PublicationDeps {
  readonly registry: Pick<RegistryCache, "current" | "onChange">;
  readonly incidents: Incidents;
  readonly configured: readonly RegisteredTopic[];
  /** A registry topic is named: every change publishes itself. */
  readonly isNamed: boolean;
}

/** Looks at each change of the registry. Where publishing fails or succeeds `failed` is to be told. */
export function watchPublication({ registry, incidents, configured, isNamed }: PublicationDeps): {
  failed(reason: string | null): void;
} {
  const known = new Set<TopicId>(configured.map(({ topicId }) => topicId));
  const report = (summary: string | null) => incidents.report("registry-not-published", null, summary);
  const look = () => {
    const only = registry.current.shards.flatMap(({ topicId }) =>
      topicId === null || known.has(topicId) ? [] : [topicId],
    );
    const words = `${only.length} topic(s), ${only[0]} among them, exist only in this database: a start on an empty database would not read them.`;
    report(only.length > 0 && !isNamed ? words : null);
  };
  registry.onChange(look);
  return {
    failed: (reason) => {
      if (isNamed) report(reason && `The registry could not be published: ${reason}.`);
    },
  };
}
