import "server-only";
import { aheadOf } from "../../../core/health/clock-skew";

/** The doctor's result for one part. If `ok` is false, the sentence says what to fix. */
export interface DoctorFinding {
  readonly what: string;
  readonly ok: boolean;
  readonly sentence: string;
}

/** A part that works. */
export const fine = (what: string, sentence: string): DoctorFinding => ({ what, ok: true, sentence });
/** A part that does not. The sentence also says what to do. */
export const wrong = (what: string, sentence: string): DoctorFinding => ({ what, ok: false, sentence });

/** Sessions, challenges and freshness tolerate a few seconds. HTTP's `Date` itself has whole seconds only. */
const MAX_CLOCK_SKEW_MS = 5_000;

/** Compares this machine's clock with another one, which was read between `beforeMs` and `afterMs` of ours. */
export function clockFinding(whose: string, theirsMs: number, beforeMs: number, afterMs: number): DoctorFinding {
  const theirsAheadMs = aheadOf({ theirsMs, beforeMs, afterMs });
  if (Math.abs(theirsAheadMs) <= MAX_CLOCK_SKEW_MS) return fine("clock", `This machine's clock agrees with ${whose}.`);
  const direction = theirsAheadMs < 0 ? "ahead of" : "behind";
  return wrong(
    "clock",
    `This machine's clock is ${Math.round(Math.abs(theirsAheadMs) / 1_000)} s ${direction} ${whose}. Synchronise both with a time server (NTP).`,
  );
}
