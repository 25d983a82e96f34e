/**
 * Says when a topic's gaps, failed and unproven messages are asked for again: at once while that mends some, and ever more rarely
 * while it does not. Times are of the process's monotonic clock.
 */

/** A mirror needs half a minute to recover. Messages that it has lacked for an hour may take another hour. */
const WAIT_MS = { base: 30_000, max: 3_600_000 };

/** When a topic's next repair is due, and where it begins. */
export interface RepairTimer {
  readonly isNeeded: boolean;
  readonly dueMs: number;
  /** The wait after the next round that finds nothing. */
  readonly waitMs: number;
  /** The last failed or unproven message that was looked at; 0 if the next round begins at the first. */
  readonly failedThrough: number;
}

/** The result of one look at a topic's gaps, failed and unproven messages. */
export interface Repaired {
  /** Messages that were missing, wrong or unproven, and are stored, verified or judged now. */
  readonly mended: number;
  /** How many are still missing, wrong or unproven. */
  readonly left: number;
  readonly failedThrough: number;
}

/** A process that starts does not know whether there is anything to repair: it looks at once. */
export const REPAIR_AT_START: RepairTimer = { isNeeded: true, dueMs: 0, waitMs: WAIT_MS.base, failedThrough: 0 };

/** Whether to look now for what is missing. False if nothing is, however much time has passed. */
export const isRepairDue = ({ isNeeded, dueMs }: RepairTimer, nowMs: number): boolean => isNeeded && nowMs >= dueMs;

/** The timer after something new is missing or wrong. */
export function repairNeeded(timer: RepairTimer, nowMs: number): RepairTimer {
  return { ...timer, isNeeded: true, waitMs: WAIT_MS.base, dueMs: nowMs + WAIT_MS.base };
}

/** The timer after a look. `nowMs`: when the look began. */
export function afterRepair(timer: RepairTimer, { mended, left, failedThrough }: Repaired, nowMs: number): RepairTimer {
  // The timer was due when the look began. If it is due later now, something new was found wrong meanwhile, which must stay.
  if (timer.dueMs > nowMs) return timer;
  const isRoundOver = failedThrough === 0;
  const waitMs = mended > 0 || !isRoundOver ? WAIT_MS.base : timer.waitMs;
  return {
    isNeeded: left > 0,
    failedThrough,
    dueMs: mended > 0 ? nowMs : nowMs + waitMs,
    waitMs: mended === 0 && isRoundOver ? Math.min(waitMs * 2, WAIT_MS.max) : waitMs,
  };
}
