import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import type { Clock } from "../../ports/clock";
import type { BudgetPolicy } from "../../ports/shared/hot-cache";

/** Leaky buckets of this process. Beyond `maxBuckets` the least recently used one is forgotten, and so is full again. */
export class MemoryBudgets {
  private readonly fullAtMs: LRUCache<string, number>;

  constructor(
    private readonly clock: Clock,
    maxBuckets: number,
  ) {
    this.fullAtMs = new LRUCache(atMostEntries(maxBuckets));
  }

  /** As HotCache.reserve, but at once. A leaky bucket as one number (GCRA): the time at which the bucket would be full again. */
  reserve(budget: string, policy: BudgetPolicy): number | null {
    const nowMs = this.clock.monotonicMs();
    const intervalMs = 1_000 / policy.perSecond;
    const fullAtMs = Math.max(this.fullAtMs.get(budget) ?? 0, nowMs);
    const waitMs = Math.max(0, fullAtMs + intervalMs - nowMs - policy.burst * intervalMs);
    if (waitMs > policy.maxWaitMs) return null;
    this.fullAtMs.set(budget, fullAtMs + intervalMs);
    return Math.ceil(waitMs);
  }
}
