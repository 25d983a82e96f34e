import "server-only";
/** What an operator does with topics, for the app's routes and for `npm run shards`: work towards a goal, and tell everybody. */
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
import type { HotCache } from "../../ports/shared/hot-cache";
import type { ShardRegistry } from "../../ports/store/shard-registry";
import type { SyncStore } from "../../ports/store/sync-store";
import { ifDown } from "../../ports/tier-unavailable";

export interface ShardsParts {
  readonly stores: { readonly registry: ShardRegistry; readonly sync: SyncStore };
  readonly hot: HotCache;
  readonly ledger: Ledger;
  readonly submitter: Submitter | null;
  readonly creator: TopicCreator | null;
  readonly trustedPayers: TrustedPayers;
  readonly registryTopic: TopicId | null;
  /** A devnet may: it is thrown away with its database. */
  readonly mayStayUnpublished: boolean;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Told why the registry is not published as it stands, or null where it is. */
  readonly onPublication?: (reason: string | null) => void;
}

export interface Shards {
  /** There is an operator key, with which topics can be created. */
  readonly canCreate: boolean;
  /** Why no topic may be added now, as a sentence; null where one may. */
  readonly refusal: string | null;
  /** Works towards the goal; what it changed is published where there is a registry topic. */
  run(goal: Goal, onStep?: (step: Step) => void): Promise<ReshardOutcome>;
  /** What the registry topic says; none where none is named. */
  published(): Promise<Result<readonly Shard[], string>>;
  /** Messages that were published; 0 where no registry topic is named, or nobody may write. */
  publish(): Promise<Result<number, string>>;
}

const UNPUBLISHED =
  "The registry is not published, so new topics would be lost with the database: run `npm run shards -- publish --new`, set REGISTRY_TOPIC to the topic that it prints, and ask again.";

/** A version for which nobody waits: an announcement is a round of no topics. */
const NO_GATE_MS = 1;

export function openShards(parts: ShardsParts): Shards {
  const { stores, hot, ledger, submitter, registryTopic, trustedPayers, log } = parts;
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
    const warn = () =>
      log.warn("the other instances could not be told of the registry; they ask for it themselves while Redis is down");
    await hot.round([], NO_GATE_MS, version).catch(ifDown("redis", warn));
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
      parts.onPublication?.(published.ok ? null : published.error);
      if (!published.ok)
        log.warn("the registry was not published; the next change publishes it", { reason: published.error });
      return outcome;
    },
  };
}
