/**
 * Nonces that only grow, in all tabs of this browser: the time in milliseconds, or one more than the last, whichever is
 * larger. Writes of one browser are sent one after the other, so that no nonce overtakes a smaller one on the way.
 */
const LOCK = "trustmesh-submit";

const storageKey = (userId: string) => `trustmesh-nonce:${userId}`;

const lastInMemory = new Map<string, number>();

function readLast(userId: string): number {
  const remembered = lastInMemory.get(userId) ?? 0;
  try {
    return Math.max(remembered, Number(localStorage.getItem(storageKey(userId))) || 0);
  } catch {
    return remembered; // storage is blocked: this tab's own memory has to do
  }
}

export function nextNonce(userId: string, nowMs: number = Date.now()): number {
  const nonce = Math.max(nowMs, readLast(userId) + 1);
  lastInMemory.set(userId, nonce);
  try {
    localStorage.setItem(storageKey(userId), String(nonce));
  } catch {
    // as above
  }
  return nonce;
}

let tail: Promise<unknown> = Promise.resolve();

/** Runs `write` after every earlier one, of other tabs too where the browser has locks (they need https or localhost). */
export function inOrder<T>(write: () => Promise<T>): Promise<T> {
  if (typeof navigator !== "undefined" && navigator.locks) {
    return navigator.locks.request(LOCK, write) as Promise<T>;
  }
  const mine = tail.then(write, write);
  tail = mine.catch(() => undefined);
  return mine;
}
