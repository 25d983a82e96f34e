/**
 * How long things took, as counts between fixed bounds. Histograms of many instances add up to the histogram of all; quantiles do
 * not.
 */

/** Upper bounds in milliseconds, from a read in memory to a statement that is given up. Longer times have their own bucket. */
export const BOUNDS_MS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000] as const;

/** Counts of durations, and the sum of the durations in milliseconds. */
export interface Histogram {
  /** One count for each bound, and the last for longer times. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/** A histogram without observations. */
export const EMPTY: Histogram = { counts: BOUNDS_MS.map(() => 0).concat(0), sumMs: 0 };

/** Adds two histograms. Counts with another set of bounds (an instance of another release) are left out. */
export function merge(a: Histogram, b: Histogram): Histogram {
  if (b.counts.length !== EMPTY.counts.length) return a;
  if (a.counts.length !== EMPTY.counts.length) return b;
  return { counts: a.counts.map((count, i) => count + (b.counts[i] as number)), sumMs: a.sumMs + b.sumMs };
}

/** How many observations a histogram holds. */
export const countOf = ({ counts }: Histogram): number => counts.reduce((sum, count) => sum + count, 0);

/**
 * The quantile `q` (0 to 1) in milliseconds, interpolated inside its bucket; the last bound if it lies beyond; null without
 * observations.
 */
export function quantileMs(histogram: Histogram, q: number): number | null {
  const total = countOf(histogram);
  if (total === 0) return null;
  const rank = Math.max(q * total, Number.MIN_VALUE);
  let below = 0;
  for (const [i, count] of histogram.counts.entries()) {
    if (below + count < rank) {
      below += count;
      continue;
    }
    const upper = BOUNDS_MS[i];
    if (upper === undefined) break;
    const lower = BOUNDS_MS[i - 1] ?? 0;
    return lower + (upper - lower) * ((rank - below) / count);
  }
  return BOUNDS_MS.at(-1) ?? null;
}
