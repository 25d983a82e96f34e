import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { UNKNOWN_AGE } from "@/lib/core/sync/freshness";
import { freshnessBody } from "@/lib/server/http/answers/reply";

describe("an answer", () => {
  it("is called watched only if its content is what is stored, not a copy that could not be refreshed", () => {
    const now = { asOfNs: consensusNs(5n), lagMs: 60_000, stale: true, isQuiet: false, isWatched: true };
    const told = { asOf: "0.000000005", lagMs: 60_000, stale: true };
    expect(freshnessBody(now)).toEqual({ ...told, watched: true });
    expect(freshnessBody(now, true)).toEqual(told);
    expect(freshnessBody({ ...now, isWatched: false })).toEqual(told);
  });

  it("says that the ledger was not read to its end, and not that of an unknown age", () => {
    const told = { asOf: null, lagMs: null, stale: true };
    expect(freshnessBody({ ...UNKNOWN_AGE, isIncomplete: true })).toEqual({ ...told, incomplete: true });
    expect(freshnessBody(UNKNOWN_AGE)).toEqual(told);
  });
});
