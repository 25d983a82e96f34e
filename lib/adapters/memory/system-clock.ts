import type { Clock } from "../../ports/clock";

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // Whole milliseconds, like `now`: ages are part of answers whose schemas want integers.
  monotonicMs: () => Math.floor(performance.now()),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
    }),
};
