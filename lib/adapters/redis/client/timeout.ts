/** Timeouts of commands, which leave out the time in which this process was blocked. */

/** A timer that fires this much too late shows that the event loop was blocked. */
const BLOCKED_MS = 20;
/**
 * After a block, Redis' answer may be there and unread, so this much is added to read it. Otherwise a cold process on a busy
 * machine would send each of its readers to the database.
 */
const GRACE_MS = 100;

/** Calls `onTimeout` after `ms`, and later if the event loop was blocked meanwhile. Returns a function that cancels it. */
export function startTimeout(ms: number, onTimeout: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (stepMs: number) => {
    const startMs = performance.now();
    const onTime = () => {
      if (performance.now() - startMs - stepMs > BLOCKED_MS) wait(GRACE_MS);
      else onTimeout();
    };
    timer = setTimeout(onTime, stepMs).unref();
  };
  wait(ms);
  return () => clearTimeout(timer);
}
