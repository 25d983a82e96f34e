/**
 * Polls until a check succeeds, such as whether the server is back. The waits grow (exponential back-off) and have jitter, so that
 * many pages that lost one server do not all come back to it in the same second. A hidden tab does not poll.
 */

/** The same waits as those of the stream (../live/live-connection.ts): short at first, about half a minute in a long outage. */
const FIRST_WAIT_MS = 1_000;
const LAST_WAIT_MS = 30_000;

/** The parts of the browser that polling needs. */
export interface Tab {
  isHidden(): boolean;
  /** Calls `listener` whenever the tab is hidden or shown. Returns the function that ends that. */
  onChange(listener: () => void): () => void;
  /** From 0 up to 1. */
  random(): number;
}

const THIS_TAB: Tab = {
  isHidden: () => document.visibilityState === "hidden",
  onChange(listener) {
    document.addEventListener("visibilitychange", listener);
    return () => document.removeEventListener("visibilitychange", listener);
  },
  random: Math.random,
};

/** Calls `then` once, as soon as `check` resolves to true. Returns the function that stops polling. `check` must not reject. */
export function pollUntil(check: () => Promise<boolean>, then: () => void, tab: Tab = THIS_TAB): () => void {
  let waitMs = FIRST_WAIT_MS;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isChecking = false;
  let isOver = false;

  const wait = () => {
    if (isOver || isChecking || timer !== null || tab.isHidden()) return;
    timer = setTimeout(() => void tryOnce(), waitMs * (0.5 + tab.random()));
    waitMs = Math.min(waitMs * 2, LAST_WAIT_MS);
  };
  const pause = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const tryOnce = async () => {
    timer = null;
    isChecking = true;
    const isThere = await check();
    isChecking = false;
    if (isOver) return;
    if (!isThere) return wait();
    stop();
    then();
  };
  const unfollow = tab.onChange(() => {
    pause();
    // A person who comes back to the tab does not wait for half a minute.
    waitMs = FIRST_WAIT_MS;
    wait();
  });
  function stop() {
    isOver = true;
    pause();
    unfollow();
  }
  wait();
  return stop;
}
