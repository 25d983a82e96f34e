import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import { periodOf, timeAgo } from "@/lib/client/format/time";

const NOW = Date.parse("2026-03-30T00:30:00+02:00");
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

describe("an age", () => {
  it.each([
    [-5_000, "just now"],
    [MINUTE_MS - 1, "just now"],
    [MINUTE_MS, "1 min ago"],
    [HOUR_MS - 1, "59 min ago"],
    [HOUR_MS, "1 h ago"],
    [DAY_MS - 1, "23 h ago"],
    [DAY_MS, "1 day ago"],
    [2 * DAY_MS, "2 days ago"],
    [7 * DAY_MS - 1, "6 days ago"],
    [7 * DAY_MS, "1 week ago"],
    [30 * DAY_MS - 1, "4 weeks ago"],
    [30 * DAY_MS, "1 month ago"],
    [365 * DAY_MS - 1, "12 months ago"],
    [365 * DAY_MS, "1 year ago"],
    [1_000 * DAY_MS, "2 years ago"],
  ])("of %i ms reads %s", (age, words) => {
    expect(timeAgo(NOW - age, NOW)).toBe(words);
  });

  it.each([
    [-5_000, "Last 24 hours"],
    [DAY_MS - 1, "Last 24 hours"],
    [DAY_MS, "Last 7 days"],
    [7 * DAY_MS - 1, "Last 7 days"],
    [7 * DAY_MS, "Last 30 days"],
    [30 * DAY_MS - 1, "Last 30 days"],
    [30 * DAY_MS, "Older"],
  ])("of %i ms stands below the heading %s", (age, heading) => {
    expect(periodOf(NOW - age, NOW)).toBe(heading);
  });
});

describe("ages in time zones", () => {
  const before = process.env.TZ;
  afterAll(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
    vi.resetModules();
  });

  /** The words of a reader in that zone: formats keep the zone in which they were made. */
  async function wordsIn(zone: string): Promise<typeof import("@/lib/client/format/time")> {
    process.env.TZ = zone;
    vi.resetModules();
    return import("@/lib/client/format/time");
  }

  it.each([
    "Europe/Berlin",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Pacific/Honolulu",
  ])(
    "are the same words in %s as on a server, so that the browser changes nothing that it takes over",
    async (zone) => {
      const ages = fc.tuple(
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.integer({ min: 0, max: 80_000_000_000 }),
      );
      const instants = fc.sample(ages, 500);
      const words = (time: Awaited<ReturnType<typeof wordsIn>>) =>
        instants.map(([ms, age]) => `${time.periodOf(ms, ms + age)}, ${time.timeAgo(ms, ms + age)}`);
      const there = words(await wordsIn("UTC"));
      expect(words(await wordsIn(zone))).toEqual(there);
    },
  );
});
