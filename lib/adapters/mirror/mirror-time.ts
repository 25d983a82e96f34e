/** The time by a mirror's answers: the clock of its server, and the end of its newest block. */
import { fromMs } from "../../core/ledger/consensus-time";
import type { LedgerMessage } from "../../core/ledger/message";

/**
 * A message can be later than the head that was asked for before its page, by as long as that takes, and clocks differ by
 * seconds. A minute is more than both, and far too little to hide anything behind.
 */
const MARGIN_MS = 60_000;

export class MirrorTime {
  private newestNs: bigint | null = null;
  private ahead: number | null = null;

  /** By how many ms the mirror's clock was ahead of ours in its last answer, give or take a second and the way of the answer. */
  get aheadMs(): number | null {
    return this.ahead;
  }

  /** An answer carried this `Date`. */
  dated(header: string | null, nowMs: number): void {
    const ms = Date.parse(header ?? "");
    if (Number.isFinite(ms)) this.ahead = ms - nowMs;
  }

  /** The mirror's newest block ends then. */
  told(throughNs: bigint | null): void {
    this.newestNs = throughNs;
  }

  /**
   * The message, marked where it is dated later than the ledger can be: our clock, the mirror's, and its newest block are all
   * held against it, so that a clock of ours that is behind does not fail what is honest.
   */
  marked(message: LedgerMessage, nowMs: number): LedgerMessage {
    const clockNs = fromMs(nowMs + Math.max(0, this.ahead ?? 0));
    const latestNs = this.newestNs !== null && this.newestNs > clockNs ? this.newestNs : clockNs;
    const isAhead = message.consensusNs > latestNs + fromMs(MARGIN_MS);
    return isAhead && !message.defect ? { ...message, defect: "ahead-of-ledger" } : message;
  }
}
