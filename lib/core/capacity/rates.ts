/** Rates of random events, per second. */

/** A rate below once in 30,000 years is none: dividing by it would give more than a number can hold. */
export const LEAST_PER_S = 1e-12;

/** How often per second something happens that random events at `rate` start, but not again within `holdS`. */
export function renewals(rate: number, holdS: number): number {
  return rate >= LEAST_PER_S ? 1 / (holdS + 1 / rate) : 0;
}

/** The chance that any page is open when `mean` are open on average. */
export type Presence = (mean: number) => number;

/** People come and go independently, so the number of open pages is Poisson. */
export const COMING_AND_GOING: Presence = (mean) => -Math.expm1(-mean);
/** The same pages stay open all the time, as a load generator's do. */
export const STAYING: Presence = (mean) => Math.min(1, mean);
