/**
 * One load on its way below the first tier, and what is known of it so far for readers who cannot wait for its end. The limits
 * run from the start of the load: who joins it late waits less.
 */
import { err, type Result } from "../../core/result";
import type { Clock } from "../../ports/clock";
import type { View } from "./l1-cache";

/** What one tier had to say, for Cache-Status (RFC 9211) and Server-Timing. */
export interface TierReport {
  readonly tier: "l1" | "redis" | "postgres";
  /** `failed`: it was asked, gave nothing, and nothing was asked instead of it. `stale`: its outdated copy was served. */
  readonly outcome: "hit" | "miss" | "stale" | "bypass" | "request" | "failed";
  readonly stored: boolean;
  /** Seconds for which a hit stays fresh. */
  readonly ttlSeconds: number | null;
  /** What went wrong; null where nothing did. */
  readonly detail: string | null;
  readonly tookMs: number;
}

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

/** A healthy load takes some 20 ms: who has a copy to show need not wait for one that takes this long. */
const SOFT_LIMIT_MS = 500;
/** Who has none waits for a database that wakes up or fails over, but not longer than people do. */
const HARD_LIMIT_MS = 4_000;

type Late = "late";

export class Flight {
  private readonly ended: Promise<Result<Loaded, Failure>>;
  private readonly landed = new AbortController();
  private readonly soft: Promise<Late>;
  private readonly hard: Promise<Late>;
  private readonly copied: Promise<Late>;
  private tellCopied: (late: Late) => void = () => {};
  private copy: View | null = null;
  private asking: Failure["tier"] = "postgres";
  private askedMs: number;
  private redis: TierReport | null = null;

  constructor(
    private readonly clock: Clock,
    run: (flight: Flight) => Promise<Result<Loaded, Failure>>,
  ) {
    this.askedMs = clock.monotonicMs();
    this.soft = this.after(SOFT_LIMIT_MS);
    this.hard = this.after(HARD_LIMIT_MS);
    this.copied = new Promise((resolve) => {
      this.tellCopied = resolve;
    });
    this.ended = run(this).finally(() => this.landed.abort());
    // Everybody may have left by the time that it fails.
    this.ended.catch(() => {});
  }

  /** Never settles once the load has ended: who waits for both must hear of the end. */
  private after(ms: number): Promise<Late> {
    const { signal } = this.landed;
    return new Promise((resolve) => {
      void this.clock.sleep(ms, signal).then(() => {
        if (!signal.aborted) resolve("late");
      });
    });
  }

  /** The outdated copy that the shared tier has, once that is known. */
  get last(): View | null {
    return this.copy;
  }

  has(copy: View | null): void {
    if (copy === null) return;
    this.copy = copy;
    this.tellCopied("late");
  }

  /** The load has come to this tier. `redis`: what the shared tier said before; null where it was not asked. */
  asks(tier: Failure["tier"], redis: TierReport | null): void {
    this.asking = tier;
    this.redis = redis;
    this.askedMs = this.clock.monotonicMs();
  }

  /** The end of the load; or `timeout`, at the soft limit for who has a copy by then, at the hard limit for everybody. */
  async wait(hasCopy: () => boolean): Promise<Result<Loaded, Failure>> {
    const limits = [this.soft, Promise.race([this.copied, this.hard]), this.hard];
    for (const limit of limits) {
      const first = await Promise.race([this.ended, limit]);
      if (first !== "late") return first;
      if (hasCopy()) break;
    }
    return err({ tier: this.asking, reason: "timeout" });
  }

  /** Every tier that was asked, where the copy of `from` is served instead of what `failure` kept from coming. */
  staleTiers({ tier, reason }: Failure, from: "l1" | "redis"): readonly TierReport[] {
    const tookMs = this.clock.monotonicMs() - this.askedMs;
    const served = report(from, "stale", { detail: `${tier}-${reason}` });
    const postgres = tier === "postgres" ? [report("postgres", "failed", { detail: reason, tookMs })] : [];
    if (from === "redis") return [...postgres, served, report("l1", "miss")];
    const redis = tier === "redis" ? report("redis", "miss", { detail: reason, tookMs }) : this.redis;
    return [...postgres, ...(redis === null ? [] : [redis]), served];
  }
}

export function report(
  tier: TierReport["tier"],
  outcome: TierReport["outcome"],
  more: Partial<TierReport> = {},
): TierReport {
  return { tier, outcome, stored: false, ttlSeconds: null, detail: null, tookMs: 0, ...more };
}
