import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import type { TopicId } from "../../core/ledger/ids";
import { epochOf } from "../../core/signals/position";
import { arrivalAfter } from "../../core/sync/sync-gate";
import { isAhead } from "../../core/sync/watermark";
import type { Clock } from "../../ports/clock";
import type {
  Attempt,
  BudgetPolicy,
  Gate,
  HotCache,
  Lease,
  LeaseWish,
  Round,
  RoundTopic,
} from "../../ports/shared/hot-cache";
import { MemoryAttempts } from "./memory-attempts";
import { MemoryBudgets } from "./memory-budgets";

/** More keys than one process uses in a day. Beyond it the least recently used ones are dropped. */
const MAX_KEYS = 100_000;

/** The hot cache of a single process. Its time is the clock port's, so that tests drive it. */
export class MemoryHotCache implements HotCache {
  private readonly gates = new LRUCache<string, number>(atMostEntries(MAX_KEYS));
  private readonly topicGates = new Map<TopicId, { readonly opensMs: number; readonly arrivalMs: number }>();
  private readonly leases = new Map<
    TopicId,
    { readonly owner: string; readonly isLive: boolean; readonly untilMs: number }
  >();
  private readonly syncedThrough = new Map<TopicId, bigint>();
  private registryVersion = 0;
  private stamp = 0;
  private readonly budgets: MemoryBudgets;
  private readonly attempts: MemoryAttempts;

  constructor(private readonly clock: Clock) {
    this.budgets = new MemoryBudgets(clock, MAX_KEYS);
    this.attempts = new MemoryAttempts(clock, MAX_KEYS);
  }

  async ping(): Promise<void> {}

  async passGate(gate: string, ttlMs: number): Promise<boolean> {
    const nowMs = this.clock.monotonicMs();
    if ((this.gates.get(gate) ?? 0) > nowMs) return false;
    this.gates.set(gate, nowMs + ttlMs);
    return true;
  }

  /** The same as the script of Redis (adapters/redis/hot-scripts, ROUND). */
  private waitAt(topicId: TopicId, { periodMs, earlyMs = 0, savedMs = 0 }: Gate): number {
    const nowMs = this.clock.monotonicMs();
    const { opensMs, arrivalMs } = this.topicGates.get(topicId) ?? { opensMs: nowMs, arrivalMs: nowMs };
    const waitMs = Math.min(opensMs - nowMs - earlyMs, arrivalMs - nowMs - savedMs);
    if (waitMs > 0) return waitMs;
    this.topicGates.set(topicId, { opensMs: nowMs + periodMs, arrivalMs: arrivalAfter(arrivalMs, nowMs, periodMs) });
    return 0;
  }

  async round(topics: readonly RoundTopic[], gate: Gate, registryVersion: number, stamp = 0): Promise<Round> {
    // A new epoch starts with nothing synced.
    if (epochOf(stamp) !== epochOf(this.stamp)) this.syncedThrough.clear();
    this.stamp = Math.max(this.stamp, stamp);
    this.registryVersion = Math.max(this.registryVersion, registryVersion);
    const answers: Round["topics"][number][] = [];
    for (const { topicId, watermark } of topics) {
      const nowMs = this.clock.now();
      const known = this.syncedThrough.get(topicId) ?? 0n;
      const kept = isAhead(known, nowMs) ? 0n : known;
      const latest = watermark > kept && !isAhead(watermark, nowMs) ? watermark : kept;
      this.syncedThrough.set(topicId, latest);
      answers.push({ topicId, watermark: latest, waitMs: this.waitAt(topicId, gate) });
    }
    return { topics: answers, registryVersion: this.registryVersion, stamp: this.stamp, nowMs: this.clock.now() };
  }

  async lease(wishes: readonly LeaseWish[], owner: string, ttlMs: number): Promise<readonly Lease[]> {
    const nowMs = this.clock.monotonicMs();
    return wishes.map(({ topicId, isLive }) => {
      const known = this.leases.get(topicId);
      if (known && known.untilMs > nowMs && known.owner !== owner) return known.isLive ? "live" : "held";
      this.leases.set(topicId, { owner, isLive, untilMs: nowMs + ttlMs });
      return "ours";
    });
  }

  async release(topicIds: readonly TopicId[], owner: string): Promise<void> {
    for (const topicId of topicIds) if (this.leases.get(topicId)?.owner === owner) this.leases.delete(topicId);
  }

  async reserve(budget: string, policy: BudgetPolicy): Promise<number | null> {
    return this.budgets.reserve(budget, policy);
  }

  async attempt(key: string, digest: string, ttlMs: number): Promise<Attempt> {
    const known = this.attempts.known(key, digest);
    if (known !== null) return known;
    this.attempts.begin(key, digest, ttlMs);
    return { kind: "first" };
  }

  async finish(key: string, digest: string, answer: string, ttlMs: number): Promise<void> {
    this.attempts.finish(key, digest, answer, ttlMs);
  }

  async abandon(key: string): Promise<void> {
    this.attempts.abandon(key);
  }
}
