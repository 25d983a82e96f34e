/** Whether a mirror reads `timestamp`, as its last test showed. */
import { ok, type Result } from "../../core/result";
import type { LedgerError } from "../../ports/ledger/ledger";

/** A mirror is seldom exchanged for another one at the same address. One request an hour costs its budget nothing. */
const PASSED_MS = 3_600_000;
/** Strangers choose whose key is looked up. Without this each of their look-ups would cost a test too. */
const FAILED_MS = 60_000;

/** True if the mirror passed. An error if it could not be tested. */
type Tested = Result<boolean, LedgerError>;

export class TimestampSupport {
  private last: { readonly isPassed: boolean; readonly untilMs: number } | null = null;
  private underWay: Promise<Tested> | null = null;

  /** The last test's outcome while it holds, or the outcome of `test`. One test runs at a time, for all who ask meanwhile. */
  async passes(nowMs: number, test: () => Promise<Tested>): Promise<Tested> {
    if (this.last !== null && nowMs < this.last.untilMs) return ok(this.last.isPassed);
    this.underWay ??= this.run(nowMs, test);
    return this.underWay;
  }

  /** Notes that the mirror gave itself away by an answer. This outweighs a test that is under way. */
  failed(nowMs: number): void {
    this.last = { isPassed: false, untilMs: nowMs + FAILED_MS };
  }

  private async run(nowMs: number, test: () => Promise<Tested>): Promise<Tested> {
    const before = this.last;
    try {
      const tested = await test();
      if (this.last !== before) return ok(false);
      if (tested.ok) this.last = { isPassed: tested.value, untilMs: nowMs + (tested.value ? PASSED_MS : FAILED_MS) };
      return tested;
    } finally {
      this.underWay = null;
    }
  }
}
