/**
 * Requests and commits of one run of a topic's sync (engine/sync/topic/topic-sync). The number of messages that wait for it is Poisson
 * with a given mean. With k messages waiting, a run asks for
 *
 *   k = 0           one page, which is empty
 *   k < 100         a page with them, and one that is empty
 *   k ≥ 100         a full page, then windows of five ranges until one brings less than a page, then one that is empty
 *
 * The empty page is spared if a message comes between the head and the page. That is rare.
 */
import { PAGE, RANGES } from "../sync/pages";

/** Messages that a run asks for at once: five ranges of one page each. */
export const WINDOW = PAGE * RANGES;

/** The means over many runs. */
export interface SyncRun {
  readonly pageRequests: number;
  readonly commits: number;
  /** The share of runs that find any message. */
  readonly found: number;
}

/**
 * The figures of a run that finds `mean` messages on average. `sure` of them, none or one, are there in any case: the run after a
 * write finds what was written.
 */
export function syncRun(mean: number, sure: 0 | 1 = 0): SyncRun {
  const rest = Math.max(0, mean - sure);
  const found = sure === 1 ? 1 : -Math.expm1(-rest);
  const fullPage = atLeast(PAGE - sure, rest);
  return {
    found,
    pageRequests: 1 + found + RANGES * (fullPage + steps(rest, 2 * PAGE - sure)),
    commits: found + steps(rest, PAGE + 1 - sure),
  };
}

/** Above this the count spreads wider than a window, so the sum below is a straight line. */
const SMOOTH_FROM = 1e6;

/** The expected number of thresholds `first`, `first + WINDOW`, … that the count reaches. */
function steps(mean: number, first: number): number {
  if (mean > SMOOTH_FROM) return (mean + 0.5 - first) / WINDOW + 0.5;
  // Thresholds far below the mean are always reached. They are counted, not walked through.
  const certain = Math.max(0, Math.floor((mean - 8 * Math.sqrt(mean) - first) / WINDOW));
  let reached = certain;
  for (let threshold = first + certain * WINDOW; ; threshold += WINDOW) {
    const share = atLeast(threshold, mean);
    reached += share;
    if (share < 1e-9) return reached;
  }
}

/**
 * P(count ≥ n) for a Poisson count. For n of 100 and more the normal distribution is close enough. The result rises with the mean
 * for every n.
 */
function atLeast(n: number, mean: number): number {
  if (mean === 0) return 0;
  return 1 / (1 + Math.exp(-1.702 * ((mean - n + 0.5) / Math.sqrt(n))));
}
