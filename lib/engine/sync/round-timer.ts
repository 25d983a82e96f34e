/** The cause of a demand: somebody who waits for an answer, or an open page or a schedule, for which a doorbell will do. */
export type Asker = "reader" | "page";

/**
 * While every topic is watched by a doorbell, open pages cause a round without topics this often. It shows whether events of other
 * instances were missed.
 */
const EMPTY_ROUND_MS = 5_000;

/** Says when this process may begin the next round of demand. Times are of the monotonic clock. */
export class RoundTimer {
  private nextMs = 0;
  /** When pages may begin the next round: after one that left out some watched topics, and after one that left out all topics. */
  private nextPageMs = 0;
  private nextEmptyMs = 0;

  constructor(private readonly gateMs: number) {}

  isDue(asker: Asker, nowMs: number): boolean {
    return nowMs >= this.nextMs && (asker === "reader" || nowMs >= this.nextPageMs);
  }

  /**
   * Whether a round of `count` topics begins now. `isWhole`: it leaves out no topic. What is left out for a page must not be left out for
   * a reader, so only a whole round keeps readers waiting for the next one.
   */
  begins(count: number, isWhole: boolean, nowMs: number): boolean {
    if (isWhole) this.nextMs = nowMs + this.gateMs;
    else if (count > 0) this.nextPageMs = nowMs + this.gateMs;
    else if (nowMs < this.nextEmptyMs) return false;
    else this.nextEmptyMs = nowMs + EMPTY_ROUND_MS;
    return true;
  }
}
