import { beforeEach, describe, expect, it } from "vitest";
import {
  describeFreshness,
  forgetFreshness,
  freshnessAt,
  isIncomplete,
  type Knowledge,
  reportFreshness,
  reportReached,
  reportStream,
  SILENCE_MS,
} from "@/lib/client/live/freshness";

const NOW = Date.UTC(2026, 10, 23, 12, 3, 5);
const base: Knowledge = {
  asOf: `${NOW / 1_000 - 1}.000000000`,
  lagMs: 1_000,
  stale: false,
  quiet: false,
  watched: false,
  reportedAtMs: NOW,
  lookingSinceMs: null,
  stream: "open",
  isIncomplete: false,
  reached: true,
  online: true,
};
const textOf = (known: Partial<Knowledge>, laterMs = 0, downForMs = 0) =>
  describeFreshness({ ...base, ...known }, NOW + laterMs, downForMs).text;

describe("the freshness line", () => {
  it("shows the ledger time while everything is fresh", () => {
    expect(textOf({})).toMatch(/^Up to date · ledger time \d\d:\d\d:04$/);
  });
  it("says since when the ledger is quiet, and does not call that up to date", () => {
    expect(textOf({ quiet: true, lagMs: 0 })).toMatch(/^Ledger quiet since \d\d:\d\d:04$/);
    expect(textOf({ quiet: true, lagMs: 0 }, SILENCE_MS + 1_000)).toBe("21 s behind");
  });
  it("tells up to when a watched page is complete, and calls it neither up to date nor behind", () => {
    const watched = { watched: true, stale: true, lagMs: 60_000 };
    expect(textOf(watched)).toMatch(/^Watching · complete to \d\d:\d\d:04$/);
    expect(describeFreshness({ ...base, ...watched }, NOW).tone).toBe("watching");
    expect(textOf({ watched: true })).toMatch(/^Up to date/);
    expect(textOf(watched, SILENCE_MS + 1_000)).toBe("81 s behind");
    expect(textOf({ ...watched, stream: "down" }, 0, 1_000)).toMatch(/^Reconnecting/);
  });
  it("says how far behind the server is by its own word, and counts on from there", () => {
    expect(textOf({ stale: true, lagMs: 12_000 })).toBe("12 s behind");
    expect(textOf({ stale: true, lagMs: 12_000 }, 5_000)).toBe("17 s behind");
  });
  it("counts up when no more reports come, even without a failure", () => {
    expect(textOf({}, SILENCE_MS)).toMatch(/^Up to date/);
    expect(textOf({}, SILENCE_MS + 1_000)).toBe("22 s behind");
    expect(textOf({}, 10 * 60_000)).toBe("10 min behind");
  });
  it("says that the browser is offline, and up to what time the page is current", () => {
    expect(textOf({ online: false })).toMatch(/^Offline · current as of \d\d:\d\d:04$/);
    expect(textOf({ online: false, asOf: null })).toBe("Offline");
  });
  it.each<Partial<Knowledge>>([{ stream: "down" }, { reached: false }])(
    "says after a second without the server that it reconnects, and up to what time the page is current: %j",
    (lost) => {
      // One that reconnects at once is not worth a word.
      expect(textOf(lost, 0, 999)).toMatch(/^Up to date/);
      expect(textOf(lost, 1_000, 1_000)).toMatch(/^Reconnecting · current as of \d\d:\d\d:04$/);
      expect(textOf(lost, 10_000, 10_000)).toMatch(/^Not connected · current as of \d\d:\d\d:04$/);
      const quiet = { ...lost, quiet: true, asOf: "1790000000.000000000" };
      expect(textOf(quiet, 1_000, 1_000)).toMatch(/^Reconnecting · current as of \d\d:\d\d:05$/);
    },
  );
  it("looks for changes for five seconds where the first report was stale, before it calls the page behind", () => {
    const opened = { stale: true, lagMs: 60_000, lookingSinceMs: NOW };
    expect(textOf(opened)).toMatch(/^Looking for changes · complete to \d\d:\d\d:04$/);
    expect(describeFreshness({ ...base, ...opened }, NOW + 4_999).tone).toBe("waiting");
    expect(textOf(opened, 5_000)).toBe("65 s behind");
    expect(textOf({ ...opened, stream: "down" }, 1_000, 1_000)).toMatch(/^Reconnecting/);
  });
  it("waits for the first report", () => {
    expect(textOf({ asOf: null, reportedAtMs: 0 })).toBe("Waiting for the ledger");
  });
});

describe("the page's knowledge", () => {
  /** The clock of the page ticks once a second, so that the line may be a second older than what it says. */
  const TICK_MS = 1_000;

  it.each<[string, (nowMs: number) => void, (nowMs: number) => void]>([
    ["the stream breaks", (ms) => reportStream("down", ms), (ms) => reportStream("open", ms)],
    ["a request fails", (ms) => reportReached(false, ms), (ms) => reportReached(true, ms)],
    [
      "each try to have a stream fails",
      (ms) => {
        reportStream("down", ms);
        reportStream("connecting", ms);
      },
      (ms) => reportStream("open", ms),
    ],
    [
      "a request fails, and then the stream tells something",
      (ms) => reportReached(false, ms),
      (ms) => reportFreshness({ asOf: `${ms / 1_000}`, lagMs: 0, stale: false }, "stream", ms),
    ],
  ])("shows within two seconds that the server is gone, and at once that it is back: %s", (_, lose, find) => {
    reportStream("open", NOW);
    reportFreshness({ asOf: `${NOW / 1_000}`, lagMs: 0, stale: false }, "stream", NOW);
    expect(freshnessAt(NOW).text).toMatch(/^Up to date/);
    lose(NOW + 100);
    expect(freshnessAt(NOW + 2_100 - TICK_MS).text).toMatch(/^Reconnecting/);
    find(NOW + 3_000);
    expect(freshnessAt(NOW + 3_000).text).toMatch(/^Up to date/);
  });

  it("grows old if the stream's freshness is unknown", () => {
    reportStream("open", NOW);
    reportFreshness({ asOf: `${NOW / 1_000}`, lagMs: 1_000, stale: false }, "stream", NOW);
    reportFreshness({ asOf: null, lagMs: null, stale: true }, "stream", NOW + 3_000);
    expect(freshnessAt(NOW + 3_000).text).toBe("4 s behind");
    reportFreshness({ asOf: `${NOW / 1_000}`, lagMs: 0, stale: false }, "stream", NOW + 3_100);
    expect(freshnessAt(NOW + 3_100).text).toMatch(/^Up to date/);
  });

  describe("of what the server has not read from the ledger", () => {
    const UNKNOWN = { asOf: null, lagMs: null, stale: true };
    const UNREAD = { ...UNKNOWN, incomplete: true as const };
    const known = (ms: number) => ({ asOf: `${ms / 1_000}`, lagMs: 0, stale: false });

    beforeEach(() => {
      forgetFreshness();
      reportStream("open", NOW);
    });

    it("is what the stream says, until the stream or a newer read says otherwise", () => {
      reportFreshness(known(NOW), "stream", NOW);
      expect(isIncomplete()).toBe(false);
      reportFreshness(UNREAD, "stream", NOW + 1_000);
      expect(isIncomplete()).toBe(true);
      reportFreshness(known(NOW + 2_000), "read", NOW + 3_000);
      expect(isIncomplete()).toBe(false);
      reportFreshness(UNREAD, "stream", NOW + 4_000);
      reportFreshness(known(NOW + 5_000), "stream", NOW + 5_000);
      expect(isIncomplete()).toBe(false);
    });

    it("is not what a stored answer repeats, whichever of the two is older", () => {
      reportFreshness(known(NOW), "stream", NOW);
      reportFreshness(UNREAD, "read", NOW + 1_000);
      expect(isIncomplete()).toBe(false);
      reportFreshness(UNREAD, "stream", NOW + 2_000);
      reportFreshness(known(NOW - 1_000), "read", NOW + 3_000);
      expect(isIncomplete()).toBe(true);
    });

    it("is what the first read says, before the stream says anything", () => {
      reportFreshness(UNREAD, "read", NOW);
      expect(isIncomplete()).toBe(true);
      expect(freshnessAt(NOW).text).toBe("Waiting for the ledger");
      reportFreshness(UNKNOWN, "stream", NOW + 1_000);
      expect(isIncomplete()).toBe(false);
    });

    it.each([
      ["a stream that resumes behind its head", UNKNOWN],
      ["a quiet ledger without blocks", { asOf: null, lagMs: 0, stale: false, quiet: true as const }],
    ])("is nothing if only the time is unknown: %s", (_, seen) => {
      reportFreshness(seen, "stream", NOW);
      expect(isIncomplete()).toBe(false);
      reportFreshness(seen, "read", NOW);
      expect(isIncomplete()).toBe(false);
    });
  });

  it("looks for changes until the first report that is fresh, and never again", () => {
    const report = (stale: boolean, ms: number, asOfMs = ms) =>
      reportFreshness({ asOf: `${asOfMs / 1_000}`, lagMs: ms - asOfMs, stale }, "stream", ms);
    forgetFreshness();
    reportStream("open", NOW);
    report(true, NOW, NOW - 60_000);
    expect(freshnessAt(NOW + 1_000).text).toMatch(/^Looking for changes/);
    report(true, NOW + 2_000, NOW - 60_000);
    expect(freshnessAt(NOW + 2_000).text).toMatch(/^Looking for changes/);
    report(false, NOW + 3_000);
    expect(freshnessAt(NOW + 3_000).text).toMatch(/^Up to date/);
    report(true, NOW + 4_000, NOW - 60_000);
    expect(freshnessAt(NOW + 4_000).text).toBe("64 s behind");
  });

  it("is forgotten when another person signs in", () => {
    reportStream("open", NOW);
    reportFreshness({ asOf: `${NOW / 1_000}`, lagMs: 0, stale: false }, "stream", NOW);
    forgetFreshness();
    expect(freshnessAt(NOW).text).toBe("Waiting for the ledger");
    // Older than what the earlier person's page had shown.
    reportFreshness({ asOf: `${NOW / 1_000 - 1}`, lagMs: 1_000, stale: false }, "read", NOW);
    expect(freshnessAt(NOW).text).toMatch(/^Up to date · ledger time \d\d:\d\d:04$/);
  });
});
