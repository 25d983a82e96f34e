/**
 * A single flight: one load in progress below the memory tier that all readers of a view share, with what is known of it so far for
 * readers who cannot wait for its end. The limits run from the start of the load, so a reader who joins late waits less.
 */
import { err, type Result } from "../../core/result";
import type { Clock } from "../../ports/clock";
import { report, type TierReport } from "./tier-report";
import type { View } from "./view";

export interface Loaded {
  readonly view: View;
  /** Closest to the origin first. */
  readonly tiers: readonly TierReport[];
}

export interface Failure {
  /** The tier that the load was waiting for. */
  readonly tier: "redis" | "postgres";
  readonly reason: "unavailable" | "timeout";
}

/** Reports of a load while it runs. */
export interface Progress {
  /** The load asks this tier now. `redis`: what Redis said before; null if it was not asked. */
  asks(tier: Failure["tier"], redis: TierReport | null): void;
  /** Redis has an outdated copy. */
  has(copy: View): void;
}

/** A healthy load takes some 20 ms: a reader who has a copy to show need not wait for one that takes this long. */
const SOFT_LIMIT_MS = 500;
/** A reader who has none waits for a database that wakes up or fails over, but not longer than people do. */
const HARD_LIMIT_MS = 4_000;

type Late = "late";

export class SingleFlight {
  private readonly ended: Promise<Result<Loaded, Failure>>;
  private readonly over = new AbortController();
  private readonly soft: Promise<Late>;
  private readonly hard: Promise<Late>;
  private readonly copied: Promise<Late>;
  private tellCopied: (late: Late) => void = () => {};
  private copy: View | null = null;
  private asking: { readonly tier: Failure["tier"]; readonly redis: TierReport | null; readonly sinceMs: number };

  constructor(
    private readonly clock: Clock,
    load: (progress: Progress) => Promise<Result<Loaded, Failure>>,
  ) {
    this.asking = { tier: "postgres", redis: null, sinceMs: clock.monotonicMs() };
    this.soft = this.after(SOFT_LIMIT_MS);
    this.hard = this.after(HARD_LIMIT_MS);
    this.copied = new Promise((resolve) => {
      this.tellCopied = resolve;
    });
    const progress: Progress = {
      asks: (tier, redis) => {
        this.asking = { tier, redis, sinceMs: clock.monotonicMs() };
      },
      has: (copy) => {
        this.copy = copy;
        this.tellCopied("late");
      },
    };
    this.ended = load(progress).finally(() => this.over.abort());
    // All readers may have left by the time that it fails.
    this.ended.catch(() => {});
  }

  /** The outdated copy that Redis has, once that is known. */
  get last(): View | null {
    return this.copy;
  }

  /** The end of the load, or `timeout`: at the soft limit for a reader who has a copy by then, at the hard limit for everybody. */
  async wait(hasCopy: () => boolean): Promise<Result<Loaded, Failure>> {
    const limits = [this.soft, Promise.race([this.copied, this.hard]), this.hard];
    for (const limit of limits) {
      const first = await Promise.race([this.ended, limit]);
      if (first !== "late") return first;
      if (hasCopy()) break;
    }
    return err({ tier: this.asking.tier, reason: "timeout" });
  }

  /** Every tier that was asked, if the copy of `from` is served because of `failure`. */
  staleTiers({ tier, reason }: Failure, from: "l1" | "redis"): readonly TierReport[] {
    const tookMs = this.clock.monotonicMs() - this.asking.sinceMs;
    const served = report(from, "stale", { detail: `${tier}-${reason}` });
    const postgres = tier === "postgres" ? [report("postgres", "failed", { detail: reason, tookMs })] : [];
    if (from === "redis") return [...postgres, served, report("l1", "miss")];
    const redis = tier === "redis" ? report("redis", "miss", { detail: reason, tookMs }) : this.asking.redis;
    return [...postgres, ...(redis === null ? [] : [redis]), served];
  }

  /** Never settles once the load has ended: a reader who waits for both must hear of the end. */
  private after(ms: number): Promise<Late> {
    const { signal } = this.over;
    return new Promise((resolve) => {
      void this.clock.sleep(ms, signal).then(() => {
        if (!signal.aborted) resolve("late");
      });
    });
  }
}
