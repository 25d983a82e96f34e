/**
 * Carries out what core/shards/reshard decides, one recorded step after the other. It keeps no state. If its process dies, the next caller
 * with the same goal continues. Several callers may work on one goal, because the registry's compare-and-swap lets only one of them take
 * each step.
 */

import { consensusNs, fromMs, toMs } from "../../core/ledger/consensus-time";
import { type Goal, nextStep, QUIET_NS, type Step } from "../../core/shards/reshard";
import { type Registry, type Shard, shardName } from "../../core/shards/shards";
import type { Clock } from "../../ports/clock";
import type { Ledger } from "../../ports/ledger/ledger";
import { MAX_MEMO_BYTES, type TopicCreator } from "../../ports/ledger/topic-creator";
import type { Log } from "../../ports/log";
import type { ShardRegistry } from "../../ports/store/shard-registry";
import type { TopicStore } from "../../ports/store/sync/topic-store";

export interface ReshardDeps {
  readonly store: ShardRegistry;
  readonly sync: Pick<TopicStore, "topic">;
  readonly ledger: Ledger;
  /** Null if no operator key is configured. Then no topic can be created; a drain that needs no new topic still works. */
  readonly creator: TopicCreator | null;
  /** Tells the other instances that the registry has this version. Does not reject. */
  readonly announce: (registry: Registry) => Promise<void>;
  /** The prefix of topics' names. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** How far a run has brought its goal. `reason`: a part of a sentence. */
export type ReshardOutcome =
  | { readonly kind: "done" }
  /** Nothing can be done before `untilMs`. After that, run the same goal again. */
  | { readonly kind: "waiting"; readonly untilMs: number; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/** A mirror that is further behind than this cannot tell whether a topic is quiet. */
const MIRROR_LAG_NS = 60n * 1_000_000_000n;

export class Resharder {
  constructor(private readonly deps: ReshardDeps) {}

  /** Works towards the goal until it is reached, or nothing more can be done now. Calls `onStep` before each step. */
  async run(goal: Goal, onStep: (step: Step) => void = () => {}): Promise<ReshardOutcome> {
    const { store, announce, clock } = this.deps;
    for (;;) {
      const registry = await store.load();
      // The author of the last change may have died before announcing it.
      await announce(registry);
      const step = nextStep(registry, goal, fromMs(clock.now()));
      onStep(step);
      const outcome = await this.carryOut(registry, step);
      if (outcome !== null) return outcome;
    }
  }

  private async carryOut(registry: Registry, step: Step): Promise<ReshardOutcome | null> {
    const { store, creator, log } = this.deps;
    switch (step.name) {
      case "done":
        return { kind: "done" };
      case "impossible":
        return { kind: "failed", reason: step.reason };
      case "wait":
        return {
          kind: "waiting",
          untilMs: toMs(consensusNs(step.untilNs)) + 1,
          reason: "wallets and transactions on their way may still know the topic",
        };
      case "plan":
      case "switch":
        if ((await store.change(registry.version, step.put)) !== null)
          log.info(`shards: ${step.name}`, { shards: step.put.length });
        return null;
      case "intend": {
        if (creator === null) return NO_KEY;
        const attempt = await creator.newAttempt();
        await store.change(registry.version, [{ ...step.shard, state: "creating", attempt }]);
        return null;
      }
      case "create":
        return creator === null ? NO_KEY : this.create(registry, step.shard, creator);
      case "look":
        return this.look(registry, step.shard, step.isShared);
    }
  }

  private async create(registry: Registry, shard: Shard, creator: TopicCreator): Promise<ReshardOutcome | null> {
    const { store, prefix, log } = this.deps;
    const name = shardName(prefix, shard);
    const created = await creator.createTopic(shard.attempt ?? "", memoOf(name));
    if (created.ok) {
      await store.change(registry.version, [{ ...shard, topicId: created.value }]);
      log.info("shards: created a topic", { name, topicId: created.value });
      return null;
    }
    const { code, message } = created.error;
    if (code === "unavailable") return { kind: "failed", reason: message };
    // The attempt is spent: the next one needs another transaction.
    await store.change(registry.version, [{ ...shard, state: "planned", attempt: null }]);
    if (code === "refused") return { kind: "failed", reason: message };
    log.warn("shards: a topic may have been created that nobody uses; another one is", { attempt: shard.attempt });
    return null;
  }

  /** Ends the drain if all messages are stored and none has come for a while. */
  private async look(registry: Registry, shard: Shard, isShared: boolean): Promise<ReshardOutcome | null> {
    const { store, sync, ledger, clock } = this.deps;
    const nowNs = fromMs(clock.now());
    if (shard.topicId !== null && !isShared) {
      const [state, head] = [await sync.topic(shard.topicId), await ledger.head()];
      const mirror = head.ok ? { mirror: head.value.mirror } : {};
      const page = await ledger.page({ topicId: shard.topicId, after: state?.cursor ?? 0, limit: 1, ...mirror });
      if (!head.ok || !page.ok || head.value.throughNs === null || nowNs - head.value.throughNs > MIRROR_LAG_NS)
        return { kind: "failed", reason: "the mirror does not say whether the topic is quiet" };
      const lastNs = state?.headNs ?? 0n;
      const untilMs = Number((lastNs + QUIET_NS) / 1_000_000n) + 1;
      if (page.value.length > 0)
        return { kind: "waiting", untilMs: clock.now(), reason: "not all of its messages are stored yet" };
      if (nowNs - lastNs < QUIET_NS) return { kind: "waiting", untilMs, reason: "messages still come in" };
    }
    await store.change(registry.version, [{ ...shard, state: "drained", drainedNs: nowNs }]);
    return null;
  }
}

const NO_KEY: ReshardOutcome = {
  kind: "failed",
  reason: "there is no operator key (HEDERA_OPERATOR_ID, HEDERA_OPERATOR_KEY), so no topic can be created",
};

/** The topic's memo on the ledger: as much of its name as fits. */
function memoOf(name: string): string {
  const bytes = new TextEncoder().encode(`trustmesh:${name}`).slice(0, MAX_MEMO_BYTES);
  return new TextDecoder().decode(bytes).replace(/\uFFFD+$/, "");
}
