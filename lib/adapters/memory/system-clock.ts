import type { Clock } from "../../ports/clock";
import { waitedMs } from "../../system/stopwatch";

/** The machine's clock. */
export const systemClock: Clock = {
  // Node's own function. The framework later replaces it with one that takes five times as long.
  now: Date.now,
  // Whole milliseconds, like `now`: ages are part of answers whose schemas want integers.
  monotonicMs: () => Math.floor(performance.now()),
  eventLoopIdleMs: waitedMs,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      // From Node 24 on, a timer with a negative time prints a warning.
      const timer = setTimeout(done, Math.max(0, ms));
      signal?.addEventListener("abort", done, { once: true });
    }),
  after: (ms, act) => {
    const timer = setTimeout(act, Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};
