/**
 * Nonces that grow, over all tabs of this browser: the time in milliseconds, or the last one plus one if that is larger.
 * The writes of one browser are sent one at a time, so that no nonce overtakes a smaller one on the way.
 */
const LOCK = "trustmesh-submit";

const storageKey = (userId: string) => `trustmesh-nonce:${userId}`;

const lastInMemory = new Map<string, number>();

function readLast(userId: string): number {
  const remembered = lastInMemory.get(userId) ?? 0;
  try {
    return Math.max(remembered, Number(localStorage.getItem(storageKey(userId))) || 0);
  } catch {
    return remembered; // Storage is blocked, so this tab's own memory must do.
  }
}

/** The server refuses a nonce that is further ahead (engine/writes/earlier-writes.ts). A clock that was ahead may have left one. */
const MAX_AHEAD_MS = 130_000;

/** The next nonce of this person. It is remembered for all tabs of this browser. `nowMs`: milliseconds since 1970. */
export function nextNonce(userId: string, nowMs: number = Date.now()): number {
  const next = readLast(userId) + 1;
  const nonce = next > nowMs + MAX_AHEAD_MS ? nowMs : Math.max(nowMs, next);
  lastInMemory.set(userId, nonce);
  try {
    localStorage.setItem(storageKey(userId), String(nonce));
  } catch {
    // Storage is blocked, as above.
  }
  return nonce;
}

let tail: Promise<unknown> = Promise.resolve();

/** Runs `write` after every earlier one. Includes other tabs if the browser has locks, which need https or localhost. */
export function inOrder<T>(write: () => Promise<T>): Promise<T> {
  if (typeof navigator !== "undefined" && navigator.locks) {
    return navigator.locks.request(LOCK, write) as Promise<T>;
  }
  const mine = tail.then(write, write);
  tail = mine.catch(() => undefined);
  return mine;
}
