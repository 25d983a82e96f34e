/**
 * A single flight: one load below memory (L1) that all readers of a view share. Readers who cannot wait for its end get what is
 * known so far. The limits run from the start of the load, so a reader who joins late waits less.
 */
import { err, type Result } from "../../core/result";
import type { Clock } from "../../ports/clock";
import { type TierOutcome, tierOutcome } from "./tier-outcome";
import type { View } from "./view";

/** A view, and the tiers that were asked for it. */
export interface LoadedView {
  readonly view: View;
  /** Closest to the origin first. */
  readonly tiers: readonly TierOutcome[];
}

/** Why a reader gets no view from a load. `timeout`: the reader waits no longer, but the load goes on. */
export interface LoadFailure {
  /** The tier that the load was waiting for. */
  readonly tier: "redis" | "postgres";
  readonly reason: "unavailable" | "timeout";
}

/** Reports of a load while it runs. */
export interface Progress {
  /** The load asks this tier now. `redis`: the outcome at Redis so far; null if it was not asked. */
  asks(tier: LoadFailure["tier"], redis: TierOutcome | null): void;
  /** Redis has an outdated copy. */
  has(copy: View): void;
}

/** A healthy load takes some 20 ms. A reader who has a copy to show waits for it no longer than this. */
const SOFT_LIMIT_MS = 500;
/** A reader without a copy waits for a database that wakes up or fails over, but no longer than people do. */
const HARD_LIMIT_MS = 4_000;

/** The limits that a load has passed. */
type Passed = "none" | "soft" | "hard";

/** A reader who waits for the load. */
interface Waiter {
  readonly hasCopy: () => boolean;
  /** Answers `timeout`. Has no effect once the reader has an answer. */
  readonly leave: () => void;
}

export class SingleFlight {
  private readonly ended: Promise<Result<LoadedView, LoadFailure>>;
  private readonly waiters = new Set<Waiter>();
  private passed: Passed = "none";
  private copy: View | null = null;
  private asking: { readonly tier: LoadFailure["tier"]; readonly redis: TierOutcome | null; readonly sinceMs: number };

  constructor(
    private readonly clock: Clock,
    load: (progress: Progress) => Promise<Result<LoadedView, LoadFailure>>,
  ) {
    this.asking = { tier: "postgres", redis: null, sinceMs: clock.monotonicMs() };
    const progress: Progress = {
      asks: (tier, redis) => {
        this.asking = { tier, redis, sinceMs: clock.monotonicMs() };
      },
      has: (copy) => {
        this.copy = copy;
        this.dismiss();
      },
    };
    // One timer at a time: most loads end long before the first limit.
    let callOff = clock.after(SOFT_LIMIT_MS, () => {
      callOff = clock.after(HARD_LIMIT_MS - SOFT_LIMIT_MS, () => this.pass("hard"));
      this.pass("soft");
    });
    this.ended = load(progress).finally(() => callOff());
    // All readers may have left by the time it fails.
    this.ended.catch(() => {});
  }

  /** The outdated copy that Redis has; null until that is known. */
  get last(): View | null {
    return this.copy;
  }

  /**
   * Waits for the end of the load. Answers `timeout` at the soft limit to a reader who has a copy by then, later to one for whom
   * Redis turns out to have a copy, and at the hard limit to everybody.
   */
  wait(hasCopy: () => boolean): Promise<Result<LoadedView, LoadFailure>> {
    return new Promise((resolve, reject) => {
      this.ended.then(resolve, reject);
      const leave = () => resolve(err({ tier: this.asking.tier, reason: "timeout" }));
      const waiter = { hasCopy, leave };
      if (this.isDone(waiter)) leave();
      else this.waiters.add(waiter);
    });
  }

  /** The outcomes at all tiers that were asked, if the copy of `from` is served because of `failure`. */
  staleTiers({ tier, reason }: LoadFailure, from: "l1" | "redis"): readonly TierOutcome[] {
    const tookMs = this.clock.monotonicMs() - this.asking.sinceMs;
    const served = tierOutcome(from, "stale", { detail: `${tier}-${reason}` });
    const postgres = tier === "postgres" ? [tierOutcome("postgres", "failed", { detail: reason, tookMs })] : [];
    if (from === "redis") return [...postgres, served, tierOutcome("l1", "miss")];
    const redis = tier === "redis" ? tierOutcome("redis", "miss", { detail: reason, tookMs }) : this.asking.redis;
    return [...postgres, ...(redis === null ? [] : [redis]), served];
  }

  private pass(limit: Passed): void {
    this.passed = limit;
    this.dismiss();
  }

  /** Answers the readers who wait no longer. */
  private dismiss(): void {
    for (const waiter of this.waiters) {
      if (!this.isDone(waiter)) continue;
      this.waiters.delete(waiter);
      waiter.leave();
    }
  }

  private isDone({ hasCopy }: Waiter): boolean {
    return this.passed === "hard" || (this.passed === "soft" && hasCopy());
  }
}
