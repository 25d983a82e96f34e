/** Tells the time that this process spends waiting from the time in which it is busy. */
import { performance } from "node:perf_hooks";

export interface Took {
  readonly ms: number;
  /** The part of it for which the event loop waited. An answer that lay there while this process was busy was not slow. */
  readonly waitedMs: number;
}

/** The milliseconds for which the event loop has waited since the process started. */
export const waitedMs = (): number => performance.nodeTiming.idleTime;

/** Starts now. Call the result for the time that has passed. */
export function stopwatch(): () => Took {
  const startMs = performance.now();
  const startWaitedMs = waitedMs();
  return () => ({ ms: performance.now() - startMs, waitedMs: waitedMs() - startWaitedMs });
}
