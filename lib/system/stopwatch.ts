/** Separates the time in which this process waits from the time in which it is busy. */
import { performance } from "node:perf_hooks";

export interface Elapsed {
  readonly ms: number;
  /** The part for which the event loop waited. The rest says nothing about a server: its answer may have lain unread meanwhile. */
  readonly waitedMs: number;
}

/** The milliseconds for which the event loop has waited since the process started. */
export const waitedMs = (): number => performance.nodeTiming.idleTime;

/** Starts now. Call the result for the time that has passed. */
export function stopwatch(): () => Elapsed {
  const startMs = performance.now();
  const startWaitedMs = waitedMs();
  return () => ({ ms: performance.now() - startMs, waitedMs: waitedMs() - startWaitedMs });
}
