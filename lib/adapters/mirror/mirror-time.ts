/** The time according to a mirror: the clock of its server, and the end of its newest block. */
import { fromMs } from "../../core/ledger/consensus-time";
import type { LedgerMessage } from "../../core/ledger/message";

/**
 * The head is asked for before a page, so a message can be later than the head by as long as the page takes. Clocks also differ by seconds.
 * A minute is more than both together, and far too little to hide anything behind.
 */
const MARGIN_MS = 60_000;

export class MirrorTime {
  private newestNs: bigint | null = null;
  private ahead: number | null = null;

  /**
   * By how many ms the mirror's clock was ahead of ours in its last answer, give or take a second and the answer's time on its
   * way.
   */
  get aheadMs(): number | null {
    return this.ahead;
  }

  /** Notes the `Date` header of an answer; null if it had none. */
  dated(header: string | null, nowMs: number): void {
    const ms = Date.parse(header ?? "");
    if (Number.isFinite(ms)) this.ahead = ms - nowMs;
  }

  /** Notes the time at which the mirror's newest block ends; null if that is unknown. */
  endsAt(throughNs: bigint | null): void {
    this.newestNs = throughNs;
  }

  /**
   * Marks the message if it is dated later than the ledger can be. It is compared with our clock, the mirror's clock and its
   * newest block, so that a slow clock of ours does not fail honest messages.
   */
  marked(message: LedgerMessage, nowMs: number): LedgerMessage {
    const clockNs = fromMs(nowMs + Math.max(0, this.ahead ?? 0));
    const latestNs = this.newestNs !== null && this.newestNs > clockNs ? this.newestNs : clockNs;
    const isAhead = message.consensusNs > latestNs + fromMs(MARGIN_MS);
    return isAhead && !message.defect ? { ...message, defect: "ahead-of-ledger" } : message;
  }
}
