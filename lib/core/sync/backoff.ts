/**
 * Exponential back-off with equal jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): half of each wait is fixed, half
 * is chance. It spreads the retries of many instances instead of sending them in waves.
 */
export interface BackoffPolicy {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Milliseconds to wait before try number `attempt` (from 1), never less than what the other side asked for. `random` in [0, 1). */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: number, retryAfterMs = 0): number {
  // 2^30 × base is far above any max; the bound keeps the power finite.
  const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(attempt - 1, 30));
  // At least half of the ceiling: a wait near zero would spend the budget on a mirror that has just failed.
  return Math.max(retryAfterMs, Math.round(ceiling * (0.5 + random / 2)));
}
