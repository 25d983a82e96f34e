/**
 * Counts one sync of a topic at `nowMs` for the topic's rate limit (ports/shared/hot-cache, Gate), by the generic cell rate
 * algorithm (GCRA). The limit's state is one time, GCRA's theoretical arrival time: the gate periods before it are used up. Each
 * sync uses one more period. The time is never more than two periods ahead.
 *
 * @param arrivalMs the theoretical arrival time before the sync, in ms of the same clock as `nowMs`
 * @returns the theoretical arrival time after the sync
 */
export const arrivalAfter = (arrivalMs: number, nowMs: number, periodMs: number): number =>
  nowMs + Math.min(Math.max(arrivalMs - nowMs, 0), periodMs) + periodMs;
