/**
 * The rate limit of a topic's syncs (ports/shared/hot-cache, Gate), by the generic cell rate algorithm (GCRA). Its state is a
 * single time, GCRA's theoretical arrival time: gate periods up to it are used up. Each sync uses one more. The time is never
 * more than two periods ahead.
 *
 * @param paidMs that time before the sync, in ms of the same clock as `nowMs`
 * @returns that time after one more sync at `nowMs`
 */
export const paidFor = (paidMs: number, nowMs: number, periodMs: number): number =>
  nowMs + Math.min(Math.max(paidMs - nowMs, 0), periodMs) + periodMs;
