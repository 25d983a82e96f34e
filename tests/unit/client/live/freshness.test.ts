import { describe, expect, it } from "vitest";
import { describeFreshness, type Knowledge, SILENCE_MS } from "@/lib/client/live/freshness";

const NOW = Date.UTC(2026, 10, 23, 12, 3, 5);
const base: Knowledge = {
  asOf: `${NOW / 1_000 - 1}.000000000`,
  lagMs: 1_000,
  stale: false,
  quiet: false,
  reportedAtMs: NOW,
  stream: "open",
  online: true,
};
const textOf = (known: Partial<Knowledge>, laterMs = 0, downForMs = 0) =>
  describeFreshness({ ...base, ...known }, NOW + laterMs, downForMs).text;

describe("the freshness line", () => {
  it("tells the ledger time while everything is fresh", () => {
    expect(textOf({})).toMatch(/^Up to date · ledger time \d\d:\d\d:04$/);
  });
  it("tells since when the ledger is quiet, and does not call that up to date", () => {
    expect(textOf({ quiet: true, lagMs: 0 })).toMatch(/^Ledger quiet since \d\d:\d\d:04$/);
    expect(textOf({ quiet: true, lagMs: 0 }, SILENCE_MS + 1_000)).toBe("21 s behind");
  });
  it("tells how far behind the server says it is, and counts on", () => {
    expect(textOf({ stale: true, lagMs: 12_000 })).toBe("12 s behind");
    expect(textOf({ stale: true, lagMs: 12_000 }, 5_000)).toBe("17 s behind");
  });
  it("degrades by itself when no word comes any more, although nothing has failed", () => {
    expect(textOf({}, SILENCE_MS)).toMatch(/^Up to date/);
    expect(textOf({}, SILENCE_MS + 1_000)).toBe("22 s behind");
    expect(textOf({}, 10 * 60_000)).toBe("10 min behind");
  });
  it("says offline, and what is shown, when the network or the stream is gone", () => {
    expect(textOf({ online: false })).toMatch(/^Offline, showing \d\d:\d\d$/);
    expect(textOf({ stream: "down" }, 0, 10_000)).toMatch(/^Offline, showing/);
  });
  it("does not cry offline for a stream that is just reconnecting", () => {
    expect(textOf({ stream: "down" }, 0, 1_000)).toMatch(/^Up to date/);
  });
  it("waits for the first word", () => {
    expect(textOf({ asOf: null, reportedAtMs: 0 })).toBe("Waiting for the ledger");
  });
});
