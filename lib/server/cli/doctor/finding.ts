import "server-only";
import { aheadOf } from "../../../core/health/clock-off";

/** The doctor's result for one part. With `ok` false something must be fixed, and the sentence says how. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly sentence: string;
}

export const fine = (what: string, sentence: string): Finding => ({ what, ok: true, sentence });
export const wrong = (what: string, sentence: string): Finding => ({ what, ok: false, sentence });

/** Sessions, challenges and freshness tolerate a few seconds. HTTP's `Date` itself has whole seconds only. */
const CLOCK_MS = 5_000;

/** Compares this machine's clock with another one, which was read between `beforeMs` and `afterMs` of ours. */
export function clockFinding(whose: string, theirsMs: number, beforeMs: number, afterMs: number): Finding {
  const aheadMs = aheadOf({ theirsMs, beforeMs, afterMs });
  if (Math.abs(aheadMs) <= CLOCK_MS) return fine("clock", `This machine's clock agrees with ${whose}.`);
  const way = aheadMs < 0 ? "ahead of" : "behind";
  return wrong(
    "clock",
    `This machine's clock is ${Math.round(Math.abs(aheadMs) / 1_000)} s ${way} ${whose}. Synchronise both with a time server (NTP).`,
  );
}
