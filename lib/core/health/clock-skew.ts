/** A reading of another clock, and of ours before and after it. Milliseconds since 1970. */
export interface ClockReading {
  readonly theirsMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** By how many milliseconds the other clock is ahead of ours at least: negative if it is behind, 0 if both may agree. */
export function aheadOf({ theirsMs, beforeMs, afterMs }: ClockReading): number {
  if (theirsMs < beforeMs) return theirsMs - beforeMs;
  return Math.max(0, theirsMs - afterMs);
}
