import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sumHistories } from "@/lib/server/observe/history-sum";
import { type InstanceSample, MinuteHistory } from "@/lib/server/observe/minute-history";
import { HISTORY_COUNTERS, HISTORY_MINUTES, MinuteColumns, NO_HISTORY } from "@/lib/wire/operators/minute-history";
import { DrivenClock } from "../../../support/control/driven-clock";

const MINUTE_MS = 60_000;
/** The first minute of the tests. */
const FIRST = 30_000_000;

function setUp() {
  const clock = new DrivenClock(FIRST * MINUTE_MS);
  const reading: { -readonly [Name in keyof InstanceSample]: InstanceSample[Name] } = {
    ...{ requests: 0, l1Hits: 0, l1Misses: 0, commands: 0, statements: 0, mirrorRequests: 0, messages: 0 },
    ...{ openStreams: 0, lagMs: null },
  };
  const history = new MinuteHistory(() => ({ ...reading }), clock);
  const pass = async (ms: number) => {
    await clock.advance(ms);
    history.observe();
  };
  return { clock, reading, history, pass };
}

describe("the history of an instance", () => {
  it("holds the counts of each full minute, with the highest levels", async () => {
    const { reading, history, pass } = setUp();
    history.observe();
    Object.assign(reading, { requests: 5, openStreams: 3, lagMs: 900 });
    await pass(20_000);
    Object.assign(reading, { requests: 7, openStreams: 1, lagMs: 100 });
    await pass(20_000);
    expect(history.columns().minutes).toEqual([]);
    await pass(20_000);
    reading.requests = 8;
    await pass(MINUTE_MS);
    expect(history.columns()).toMatchObject({
      ...{ minutes: [FIRST, FIRST + 1], requests: [7, 1], openStreams: [3, 1], lagMs: [900, 100] },
    });
  });

  it("keeps an hour within 5 KB, even with large counts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 2_000_000 }), { minLength: 150, maxLength: 150 }), async (steps) => {
        const { reading, history, pass } = setUp();
        for (const step of steps) {
          for (const name of HISTORY_COUNTERS) reading[name] += step;
          await pass(30_000);
        }
        const columns = MinuteColumns.parse(history.columns());
        expect(columns.minutes).toHaveLength(HISTORY_MINUTES);
        for (const column of Object.values(columns)) expect(column).toHaveLength(HISTORY_MINUTES);
        expect(JSON.stringify(columns).length).toBeLessThan(5_000);
      }),
      { numRuns: 5 },
    );
  });

  it("loses no count: the minutes add up to the counter, even after pauses", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ more: fc.nat({ max: 100 }), afterMs: fc.nat({ max: 200_000 }) }), { maxLength: 12 }),
        async (steps) => {
          const { reading, history, pass } = setUp();
          for (const { more, afterMs } of steps) {
            reading.requests += more;
            await pass(afterMs);
          }
          await pass(MINUTE_MS);
          const { requests, minutes } = history.columns();
          expect(requests.reduce((total, count) => total + count, 0)).toBe(reading.requests);
          expect(minutes).toEqual([...new Set(minutes)].sort((a, b) => a - b));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("forgets minutes that are more than an hour old", async () => {
    const { clock, history, pass } = setUp();
    history.observe();
    await pass(MINUTE_MS);
    expect(history.columns().minutes).toHaveLength(1);
    await clock.advance(70 * MINUTE_MS);
    expect(history.columns().minutes).toEqual([]);
  });
});

describe("the history of all instances", () => {
  const columns = (minutes: number[], requests: number[], lagMs: (number | null)[]): MinuteColumns => ({
    ...NO_HISTORY,
    ...Object.fromEntries(HISTORY_COUNTERS.map((name) => [name, requests])),
    ...{ minutes, openStreams: requests, lagMs },
  });

  it("sums counts by minute, and shows the highest lag", () => {
    const a = { history: columns([10, 11, 12], [1, 2, 3], [null, 50, 60]) };
    const b = { history: columns([11, 12, 13], [10, 20, 30], [70, 10, 0]) };
    expect(sumHistories([a, b], 14 * MINUTE_MS + 20_000)).toMatchObject({
      ...{ minutes: [10, 11, 12, 13], requests: [1, 12, 23, 30], openStreams: [1, 12, 23, 30] },
      lagMs: [null, 70, 60, 0],
    });
  });

  it("leaves out a minute that some instances have not reported", () => {
    const a = { history: columns([10, 11], [1, 2], [0, 0]) };
    expect(sumHistories([a], 12 * MINUTE_MS + 14_000).minutes).toEqual([10]);
    expect(sumHistories([a], 12 * MINUTE_MS + 15_000).minutes).toEqual([10, 11]);
  });
});
