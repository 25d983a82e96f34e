/** The outcome of a read at one tier, for Cache-Status (RFC 9211) and Server-Timing. */
export interface TierOutcome {
  readonly tier: "l1" | "redis" | "postgres" | "mirror";
  /** `failed`: it was asked and gave nothing, and nothing was asked instead. `stale`: its outdated copy was served. */
  readonly outcome: "hit" | "miss" | "stale" | "bypass" | "request" | "failed";
  readonly stored: boolean;
  /** Seconds for which a hit stays fresh. */
  readonly ttlSeconds: number | null;
  /** The failure; null if there was none. */
  readonly detail: string | null;
  readonly tookMs: number;
}

/** An outcome with the usual values where `more` gives none. */
export function tierOutcome(
  tier: TierOutcome["tier"],
  outcome: TierOutcome["outcome"],
  more: Partial<TierOutcome> = {},
): TierOutcome {
  return { tier, outcome, stored: false, ttlSeconds: null, detail: null, tookMs: 0, ...more };
}
