import "server-only";
/** Reshards for the API and for `npm run shards`: works towards a goal, publishes the registry, and tells all instances. */
import { hash } from "node:crypto";
import type { TopicId } from "../../core/ledger/ids";
import { ok, type Result } from "../../core/result";
import type { Goal, Step } from "../../core/shards/reshard";
import type { Registry, Shard } from "../../core/shards/shards";
import type { TrustedPayers } from "../../core/signals/interpret";
import { publishRegistry, readRegistryTopic } from "../../engine/shards/registry-topic";
import { Resharder, type ReshardOutcome } from "../../engine/shards/reshard";
import type { Clock } from "../../ports/clock";
import type { Ledger } from "../../ports/ledger/ledger";
import type { Submitter } from "../../ports/ledger/submitter";
import type { TopicCreator } from "../../ports/ledger/topic-creator";
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import type { ShardRegistry } from "../../ports/store/shard-registry";
import type { TopicStore } from "../../ports/store/sync/topic-store";
import { ifDown } from "../../ports/tier-unavailable";

export interface ShardsParts {
  readonly stores: { readonly registry: ShardRegistry; readonly sync: TopicStore };
  readonly bus: Pick<EventBus, "publish">;
  readonly ledger: Ledger;
  readonly submitter: Submitter | null;
  readonly creator: TopicCreator | null;
  readonly trustedPayers: TrustedPayers;
  readonly registryTopic: TopicId | null;
  /** True for a devnet, whose registry is thrown away with its database. */
  readonly mayStayUnpublished: boolean;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Called with the reason why the registry is not published, or with null once it is. Without this callback the reason is
   * logged.
   */
  readonly onPublication?: (reason: string | null) => void;
}

export interface Shards {
  /** Whether topics can be created, which needs an operator key. */
  readonly canCreate: boolean;
  /** A sentence that says why no topic may be added now. Null if one may. */
  readonly refusal: string | null;
  /** Works towards the goal, then publishes the registry if a registry topic is configured. */
  run(goal: Goal, onStep?: (step: Step) => void): Promise<ReshardOutcome>;
  /** Shards on the registry topic; empty without a registry topic. */
  published(): Promise<Result<readonly Shard[], string>>;
  /** Resolves with the number of published messages; 0 without a registry topic or a submitter. */
  publish(): Promise<Result<number, string>>;
}

const UNPUBLISHED =
  "The registry is not published, so new topics would be lost with the database: run `npm run shards -- publish --new`, set REGISTRY_TOPIC to the topic that it prints, and ask again.";

/** The actions on shards, over this deployment's registry and registry topic. */
export function openShards(parts: ShardsParts): Shards {
  const { stores, bus, ledger, submitter, registryTopic, trustedPayers, log } = parts;
  const topic =
    registryTopic === null
      ? null
      : {
          topicId: registryTopic,
          ledger,
          trustedPayers,
          sha384: (bytes: Uint8Array) => hash("sha384", bytes, "buffer"),
        };
  const announce = async ({ version }: Registry) => {
    const tell = () =>
      log.info("Redis is down, so the registry change was not announced; instances poll the registry meanwhile");
    await bus.publish({ type: "registry-changed", version }).catch(ifDown("redis", tell));
  };
  const resharder = new Resharder({ ...parts, store: stores.registry, sync: stores.sync, announce });
  const publish = async (): Promise<Result<number, string>> => {
    if (topic === null || submitter === null) return ok(0);
    return publishRegistry({ ...topic, submitter }, await stores.registry.load());
  };
  const refusal = topic === null && !parts.mayStayUnpublished ? UNPUBLISHED : null;
  return {
    canCreate: parts.creator !== null,
    refusal,
    publish,
    published: async () => {
      if (topic === null) return ok([]);
      const published = await readRegistryTopic(topic);
      return published.ok ? ok(published.value.map(({ shard }) => shard)) : published;
    },
    run: async (goal, onStep) => {
      if (goal.name === "grow" && refusal !== null) return { kind: "failed", reason: refusal };
      const outcome = await resharder.run(goal, onStep);
      const published = await publish();
      if (parts.onPublication) parts.onPublication(published.ok ? null : published.error);
      else if (!published.ok)
        log.warn("the registry was not published; the next change publishes it", { reason: published.error });
      return outcome;
    },
  };
}
