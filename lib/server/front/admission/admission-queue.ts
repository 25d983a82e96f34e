import "server-only";
/**
 * Admits the expensive requests of one address one at a time, a gap apart. A whole burst at once would take half a second of
 * CPU, in which nobody else gets an answer (bench row flood.p99_ratio).
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../../ports/clock";
import { QUEUE } from "../../access/limits";

/**
 * After this many requests that do not take their turn, the event loop serves others first. When an address is blocked, refusing all 60
 * that may wait takes 5 to 8 ms.
 */
const PASSED_AT_ONCE = 5;

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
    for (let goesOn = true; goesOn; ) {
      await this.clock.sleep(gapMs);
      // A request may have come while the answer of `letIn` was on its way.
      goesOn = (await letIn(queue)) || queue.length > 0;
    }
    this.waiting.delete(address);
  }
}

/** Calls the waiting requests up to the first that takes its turn. Returns false where none did. */
async function letIn(queue: (() => boolean)[]): Promise<boolean> {
  for (let passed = 1; ; passed += 1) {
    const enter = queue.shift();
    if (enter === undefined) return false;
    if (enter()) return true;
    if (passed % PASSED_AT_ONCE === 0) await nextTurn();
  }
}
