/**
 * Warns if some topics are known only to this deployment's own table. A start on an empty database knows only the configured and the
 * published topics, so it would read fewer topics.
 */

import { counted } from "../../core/counted";
import type { TopicId } from "../../core/ledger/ids";
import type { RegisteredTopic } from "../../core/shards/registered-topic";
import type { Incidents } from "../health/incidents";
import type { RegistryCache } from "./registry-cache";

interface PublicationDeps {
  readonly registry: Pick<RegistryCache, "current" | "onChange">;
  readonly incidents: Incidents;
  readonly configured: readonly RegisteredTopic[];
  /** Whether a registry topic is configured. If so, every change is published. */
  readonly isNamed: boolean;
}

/**
 * Reports the incident `registry-not-published` while only this database knows some topics, or while publishing the registry fails. Looks
 * at each change of the registry. Call `failed` after each attempt to publish it, with the reason, or with null if it succeeded.
 */
export function watchPublication({ registry, incidents, configured, isNamed }: PublicationDeps): {
  failed(reason: string | null): void;
} {
  const known = new Set<TopicId>(configured.map(({ topicId }) => topicId));
  const report = (summary: string | null) => incidents.report("registry-not-published", null, summary);
  const look = () => {
    const only = registry.current.shards.flatMap(({ topicId }) =>
      topicId === null || known.has(topicId) ? [] : [topicId],
    );
    const words =
      only.length === 1
        ? `Topic ${only[0]} exists only in this database: a start on an empty database would not read it.`
        : `${counted(only.length, "topic")}, ${only[0]} among them, exist only in this database: a start on an empty database would not read them.`;
    report(only.length > 0 && !isNamed ? words : null);
  };
  registry.onChange(look);
  return {
    failed: (reason) => {
      if (isNamed) report(reason && `The registry could not be published: ${reason}.`);
    },
  };
}
