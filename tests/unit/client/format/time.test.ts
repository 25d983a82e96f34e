import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";

type Time = typeof import("@/lib/client/format/time");

const before = process.env.TZ;
afterAll(() => {
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
  vi.resetModules();
});

/** The words of a reader in that zone: formats keep the zone in which they were made. */
async function wordsIn(zone: string): Promise<Time> {
  process.env.TZ = zone;
  vi.resetModules();
  return import("@/lib/client/format/time");
}

/** Zones whose clocks change at one, two or midnight, by half an hour, or not at all; and one that left a whole day out. */
const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "America/Santiago",
  "Africa/Cairo",
  "Australia/Lord_Howe",
  "Asia/Tehran",
  "Asia/Kolkata",
  "Pacific/Apia",
  "UTC",
];

describe("days where clocks change", () => {
  it.each([
    // Clocks go back at three on Sunday, 25 October: that day has 25 hours.
    ["the first hour of the long day, on the next", "2026-10-25T00:30:00+02:00", "2026-10-26T09:00:00+01:00"],
    ["the last hour of the long day, on the next", "2026-10-25T23:30:00+01:00", "2026-10-26T09:00:00+01:00"],
    // Clocks go forward at two on Sunday, 29 March: that day has 23 hours.
    ["the first hour of the short day, on the next", "2026-03-29T00:30:00+01:00", "2026-03-30T09:00:00+02:00"],
    ["the day before the short day, on it", "2026-03-28T00:30:00+01:00", "2026-03-29T23:00:00+02:00"],
  ])("%s, is yesterday in Berlin", async (_, at, now) => {
    const { dayName } = await wordsIn("Europe/Berlin");
    expect(dayName(Date.parse(at), Date.parse(now))).toBe("Yesterday");
  });

  it.each([
    ["2026-03-28T23:30:00+01:00", "2026-03-30T00:30:00+02:00", "Saturday 28 March", "2 days ago"],
    ["2026-10-24T23:30:00+02:00", "2026-10-26T00:30:00+01:00", "Saturday 24 October", "2 days ago"],
  ])("are two days ago after two midnights, however few hours passed: %s", async (at, now, name, ago) => {
    const { dayName, timeAgo } = await wordsIn("Europe/Berlin");
    expect(dayName(Date.parse(at), Date.parse(now))).toBe(name);
    expect(timeAgo(Date.parse(at), Date.parse(now))).toBe(ago);
  });

  it.each(ZONES)("are named by the calendar in %s", async (zone) => {
    const { dayName, timeAgo } = await wordsIn(zone);
    const date = new Intl.DateTimeFormat("en-GB", { timeZone: zone, dateStyle: "short" });
    const noon = (ms: number, days: number) => {
      const day = new Date(ms);
      return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, 12).getTime();
    };
    const instants = fc.integer({ min: Date.parse("2010-01-01"), max: Date.parse("2035-01-01") });
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 72 * 60 }), (at, minutes) => {
        const now = at + minutes * 60_000;
        const name = dayName(at, now);
        // The day that Samoa left out has no noon: what is near it is not looked at.
        if (zone === "Pacific/Apia" && Math.abs(at - Date.parse("2011-12-30")) < 4 * 86_400_000) return;
        expect(name === "Today").toBe(date.format(at) === date.format(now));
        expect(name === "Yesterday").toBe(date.format(noon(now, -1)) === date.format(at));
        if (minutes >= 24 * 60) expect(timeAgo(at, now) === "yesterday").toBe(name === "Yesterday");
      }),
    );
  });
});

describe("days in UTC", () => {
  it("are the same words in every zone, so that a browser takes over what the server has rendered", async () => {
    const ages = fc.tuple(fc.integer({ min: 0, max: 4_000_000_000_000 }), fc.integer({ min: 0, max: 40_000_000_000 }));
    const instants = fc.sample(ages, 300);
    const words = ({ dayName, timeAgo }: Time, zone?: "UTC") =>
      instants.map(([ms, age]) => `${dayName(ms, ms + age, zone)}, ${timeAgo(ms, ms + age, zone)}`);
    const there = words(await wordsIn("UTC"));
    for (const zone of ["Pacific/Apia", "America/New_York"]) expect(words(await wordsIn(zone), "UTC")).toEqual(there);
  });
});
