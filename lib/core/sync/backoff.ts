/**
 * Exponential back-off with equal jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): half of each wait is fixed, half is
 * random. The random half spreads the retries of many instances instead of sending them in waves. Full jitter would spread them
 * further, and would let some of them follow a failure at once: that spends the mirrors' request budget on what has just failed.
 */
export interface BackoffPolicy {
  /** The ceiling of the first wait; it doubles with each try. */
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Milliseconds to wait before try number `attempt` (from 1), never less than what the other side asked for. `random` in [0, 1). */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: number, retryAfterMs = 0): number {
  // 2^30 × base is far above any max; the bound keeps the power finite.
  const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.max(retryAfterMs, Math.round(ceiling * (0.5 + random / 2)));
}
