import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { freshnessBody } from "@/lib/server/http/answers/reply";

describe("an answer", () => {
  it("is called watched only if its content is what is stored, not a copy that could not be refreshed", () => {
    const now = { asOfNs: consensusNs(5n), lagMs: 60_000, stale: true, isQuiet: false, isWatched: true };
    const told = { asOf: "0.000000005", lagMs: 60_000, stale: true };
    expect(freshnessBody(now)).toEqual({ ...told, watched: true });
    expect(freshnessBody(now, true)).toEqual(told);
    expect(freshnessBody({ ...now, isWatched: false })).toEqual(told);
  });
});
