/**
 * A single flight: one load below memory (L1) that all readers of a view share. Readers who cannot wait for its end can ask what
 * is known so far. The limits run from the start of the load, so a reader who joins late waits less.
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
  /** The load asks this tier now. `redis`: the report of Redis so far; null if it was not asked. */
  asks(tier: Failure["tier"], redis: TierReport | null): void;
  /** Redis has an outdated copy. */
  has(copy: View): void;
}

/** A healthy load takes some 20 ms. A reader who has a copy to show waits for it no longer than this. */
const SOFT_LIMIT_MS = 500;
/** A reader without a copy waits for a database that wakes up or fails over, but no longer than people do. */
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
    // All readers may have left by the time it fails.
    this.ended.catch(() => {});
  }

  /** The outdated copy that Redis has; null until that is known. */
  get last(): View | null {
    return this.copy;
  }

  /**
   * Waits for the end of the load. Answers `timeout` at the soft limit to a reader who has a copy by then, and at the hard limit
   * to everybody.
   */
  async wait(hasCopy: () => boolean): Promise<Result<Loaded, Failure>> {
    const limits = [this.soft, Promise.race([this.copied, this.hard]), this.hard];
    for (const limit of limits) {
      const first = await Promise.race([this.ended, limit]);
      if (first !== "late") return first;
      if (hasCopy()) break;
    }
    return err({ tier: this.asking.tier, reason: "timeout" });
  }

  /** The reports of all tiers that were asked, if the copy of `from` is served because of `failure`. */
  staleTiers({ tier, reason }: Failure, from: "l1" | "redis"): readonly TierReport[] {
    const tookMs = this.clock.monotonicMs() - this.asking.sinceMs;
    const served = report(from, "stale", { detail: `${tier}-${reason}` });
    const postgres = tier === "postgres" ? [report("postgres", "failed", { detail: reason, tookMs })] : [];
    if (from === "redis") return [...postgres, served, report("l1", "miss")];
    const redis = tier === "redis" ? report("redis", "miss", { detail: reason, tookMs }) : this.asking.redis;
    return [...postgres, ...(redis === null ? [] : [redis]), served];
  }

  /** Resolves after `ms`, but not once the load has ended: a reader who waits for both must hear of the end. */
  private after(ms: number): Promise<Late> {
    const { signal } = this.over;
    return new Promise((resolve) => {
      void this.clock.sleep(ms, signal).then(() => {
        if (!signal.aborted) resolve("late");
      });
    });
  }
}
