/** The cause of a demand. `reader`: somebody waits for an answer. `page`: an open page or a schedule, which a doorbell can serve. */
export type Asker = "reader" | "page";

/** While doorbells watch all topics, open pages start a round without topics this often, to notice missed events of other instances. */
const EMPTY_ROUND_MS = 5_000;

/** Says when this process may begin the next round of demand. Times are of the monotonic clock. */
export class RoundTimer {
  private nextMs = 0;
  /** When a page may begin the next round, if the last one left out watched topics. */
  private nextPageMs = 0;
  /** When a page may begin the next round without topics. */
  private nextEmptyMs = 0;

  constructor(private readonly gateMs: number) {}

  isDue(asker: Asker, nowMs: number): boolean {
    return nowMs >= this.nextMs && (asker === "reader" || nowMs >= this.nextPageMs);
  }

  /**
   * Begins a round of `count` topics, and returns true, unless it is too early. `isWhole`: the round leaves out no topic. A topic that
   * is left out for a page must not be left out for a reader. So only a whole round makes readers wait for the next one.
   */
  tryBegin(count: number, isWhole: boolean, nowMs: number): boolean {
    if (isWhole) this.nextMs = nowMs + this.gateMs;
    else if (count > 0) this.nextPageMs = nowMs + this.gateMs;
    else if (nowMs < this.nextEmptyMs) return false;
    else this.nextEmptyMs = nowMs + EMPTY_ROUND_MS;
    return true;
  }
}
