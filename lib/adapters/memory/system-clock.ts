import type { Clock } from "../../ports/clock";

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // Whole milliseconds, as `now` has them: ages end up in answers whose schemas say so.
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
