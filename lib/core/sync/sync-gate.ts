/**
 * The time for which the syncs of a topic are paid: a gate period for each, and two at most (ports/shared/hot-cache, Gate).
 *
 * @param paidMs until when they were paid before
 * @returns until when they are paid after one more at `nowMs`
 */
export const paidFor = (paidMs: number, nowMs: number, periodMs: number): number =>
  nowMs + Math.min(Math.max(paidMs - nowMs, 0), periodMs) + periodMs;
