/** Node's longest timer: 24.8 days. A longer one would end after a millisecond. */
const LONGEST_MS = 2 ** 31 - 1;

/** The time of a sleep, as every clock of the tests takes it. Throws if no caller can mean it: such a sum has gone wrong. */
export function sleepTime(ms: number): number {
  if (Number.isFinite(ms) && ms <= LONGEST_MS) return ms;
  throw new RangeError(`no sleep can take ${ms} ms`);
}
