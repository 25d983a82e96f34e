/**
 * The rate limit of a topic's syncs (ports/shared/hot-cache, Gate), as in the generic cell rate algorithm (GCRA). Its state is one
 * time: up to it, the syncs so far have used the topic's gate periods up. Each sync uses one period, and the time is at most two
 * periods ahead.
 *
 * @param paidMs that time before the sync, in ms of the same clock as `nowMs`
 * @returns that time after one more sync at `nowMs`
 */
export const paidFor = (paidMs: number, nowMs: number, periodMs: number): number =>
  nowMs + Math.min(Math.max(paidMs - nowMs, 0), periodMs) + periodMs;
