import "server-only";
/**
 * Lets the requests of one address in one after the other, a gap apart. All at once, the burst that an address may do would be half a
 * second of CPU in which nobody else gets an answer (bench row flood.p99_ratio).
 */
import { QUEUE } from "../access/limits";

export class AdmissionQueue {
  /** The waiting requests by address. An address is here until one gap after its last request was let in. */
  private readonly waiting = new Map<string, (() => boolean)[]>();

  /**
   * Calls `enter` at once, or when the requests before it were let in. `enter` returns false where it needs no turn any more: the next
   * request takes it. Returns false, and never calls `enter`, where too many requests of this address wait.
   */
  add(address: string, gapMs: number, enter: () => boolean): boolean {
    const queue = this.waiting.get(address);
    if (queue && queue.length >= QUEUE.maxWaiting) return false;
    if (queue) queue.push(enter);
    else if (enter()) this.letInAfterGap(address, gapMs, []);
    return true;
  }

  private letInAfterGap(address: string, gapMs: number, queue: (() => boolean)[]): void {
    this.waiting.set(address, queue);
    setTimeout(() => {
      while (queue.length > 0) if (queue.shift()?.()) return this.letInAfterGap(address, gapMs, queue);
      this.waiting.delete(address);
    }, gapMs).unref();
  }
}
