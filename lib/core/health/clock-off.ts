/** Another clock as it was read, and ours before and after that; milliseconds since 1970. */
export interface ClockReading {
  readonly theirsMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** The other clock is ahead of ours by at least this many milliseconds; negative where it is behind, 0 where both may agree. */
export function aheadOf({ theirsMs, beforeMs, afterMs }: ClockReading): number {
  if (theirsMs < beforeMs) return theirsMs - beforeMs;
  return Math.max(0, theirsMs - afterMs);
}
