/**
 * A timer that fires this much too late shows that this process stood still. Redis' answer may be there, unread, so it gets the
 * second time to be read. Otherwise a cold process on a busy machine would send each of its readers to the database.
 */
const STANDSTILL_MS = 20;
const GRACE_MS = 100;

/** Calls `onOver` after `ms`, not counting time in which this process stood still. Returns the function that calls it off. */
export function afterPatience(ms: number, onOver: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (stepMs: number) => {
    const startMs = performance.now();
    const onTime = () => {
      if (performance.now() - startMs - stepMs > STANDSTILL_MS) wait(GRACE_MS);
      else onOver();
    };
    timer = setTimeout(onTime, stepMs).unref();
  };
  wait(ms);
  return () => clearTimeout(timer);
}
