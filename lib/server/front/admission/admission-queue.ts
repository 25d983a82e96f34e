import "server-only";
/**
 * Admits the expensive requests of one address one at a time, a gap apart. A whole burst at once would take half a second of
 * CPU, in which nobody else gets an answer (bench row flood.p99_ratio).
 */
import type { Clock } from "../../../ports/clock";
import { QUEUE } from "../../access/limits";

export class AdmissionQueue {
  /** The waiting requests of each address. An address stays here until one gap after its last admitted request. */
  private readonly waiting = new Map<string, (() => boolean)[]>();

  constructor(private readonly clock: Pick<Clock, "sleep">) {}

  /**
   * Calls `enter` at once, or after the requests before it. `enter` returns false if it no longer needs its turn; the next
   * request then takes it. Returns false, and never calls `enter`, if too many requests of this address wait already.
   */
  add(address: string, gapMs: number, enter: () => boolean): boolean {
    const queue = this.waiting.get(address);
    if (queue && queue.length >= QUEUE.maxWaiting) return false;
    if (queue) queue.push(enter);
    else if (enter()) void this.letInAfterGap(address, gapMs, []);
    return true;
  }

  private async letInAfterGap(address: string, gapMs: number, queue: (() => boolean)[]): Promise<void> {
    this.waiting.set(address, queue);
    do await this.clock.sleep(gapMs);
    while (letIn(queue));
    this.waiting.delete(address);
  }
}

/** Calls the waiting requests up to the first that takes its turn. Returns false where none did. */
function letIn(queue: (() => boolean)[]): boolean {
  for (let enter = queue.shift(); enter !== undefined; enter = queue.shift()) if (enter()) return true;
  return false;
}
