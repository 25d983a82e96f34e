import "server-only";
/**
 * Requests of one address that come in one after the other. What an address may do in a burst is half a second of CPU; all at
 * once, it is half a second in which nobody else gets an answer (bench row flood.p99_ratio).
 */

/** As many as may wait of one address, whoever is behind it; more are told to come back. Three seconds, at 50 ms each. */
export const MAX_WAITING = 60;

export class Turns {
  /** The requests that wait, by address. An address has an entry for one gap after its last request was let in. */
  private readonly waiting = new Map<string, (() => boolean)[]>();

  /**
   * Calls `enter` now or when it is its turn; it says whether it took the turn, or leaves it to the next. False, and no call,
   * where too many of this address wait already.
   */
  take(address: string, gapMs: number, enter: () => boolean): boolean {
    const queue = this.waiting.get(address);
    if (queue && queue.length >= MAX_WAITING) return false;
    if (queue) queue.push(enter);
    else if (enter()) this.next(address, gapMs, []);
    return true;
  }

  private next(address: string, gapMs: number, queue: (() => boolean)[]): void {
    this.waiting.set(address, queue);
    setTimeout(() => {
      while (queue.length > 0) if (queue.shift()?.()) return this.next(address, gapMs, queue);
      this.waiting.delete(address);
    }, gapMs).unref();
  }
}
