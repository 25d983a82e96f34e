import { describe, expect, it } from "vitest";
import {
  joinSeries,
  KEPT_MS,
  minuteRates,
  minuteRatios,
  minuteValues,
  ratesOf,
  ratiosOf,
  type StatusSample,
  sampleOf,
  valuesOf,
  withStatusSample,
} from "@/lib/client/admin/history";
import { adminStatus } from "@/tests/support/samples/admin-status";

const START = 1_000_000;
const base = sampleOf(adminStatus());
const sample = (atMs: number, more: Partial<StatusSample> = {}): StatusSample => ({ ...base, atMs, ...more });

describe("the history of counters", () => {
  it("keeps ten minutes, in the order of time, each instant once", () => {
    const history = [START, START + 5_000, START + 5_000, START + 1_000, START + 1_000 + KEPT_MS].reduce(
      (seen: readonly StatusSample[], atMs) => withStatusSample(seen, sample(atMs)),
      [],
    );
    expect(history.map(({ atMs }) => atMs)).toEqual([START + 1_000, START + 1_000 + KEPT_MS]);
  });

  it("takes the lag of the slowest topic that is not paused", () => {
    const status = adminStatus({ topics: 3 });
    const topics = status.topics.map((topic, i) => ({
      ...topic,
      lagMs: [200, 9_000, 700][i] as number,
      paused: i === 1,
    }));
    expect(sampleOf({ ...status, topics }).lagMs).toBe(700);
    expect(sampleOf({ ...status, topics: [] }).lagMs).toBeNull();
  });

  it("is drawn as rates per second, whatever the time between two answers", () => {
    const history = [
      sample(START, { requests: 100 }),
      sample(START + 2_000, { requests: 110 }),
      sample(START + 12_000, { requests: 310 }),
    ];
    const series = ratesOf(history, ({ requests }) => requests);
    expect(series.times).toEqual([1_002, 1_012]);
    expect(series.values).toEqual([5, 20]);
  });

  it("has a break, and no negative rate, when an instance with its counters is gone", () => {
    const history = [sample(START, { requests: 100 }), sample(START + 1_000, { requests: 40 })];
    expect(ratesOf(history, ({ requests }) => requests).values).toEqual([null]);
  });

  it("has a share only if something was counted", () => {
    const history = [
      sample(START, { l1Hits: 10, l1Misses: 10 }),
      sample(START + 60_000, { l1Hits: 19, l1Misses: 11 }),
      sample(START + 120_000, { l1Hits: 19, l1Misses: 11 }),
    ];
    const series = ratiosOf(
      history,
      ({ l1Hits }) => l1Hits,
      ({ l1Misses }) => l1Misses,
    );
    expect(series.values).toEqual([0.9, null]);
    expect(valuesOf(history, ({ openStreams }) => openStreams).values).toHaveLength(3);
  });
});

describe("a share of reads", () => {
  it("is of a whole minute, as in the past minutes: one miss after the page has opened is not 0 %", () => {
    const history = [0, 5, 30, 60, 65].map((s) => sample(START + s * 1_000, { l1Hits: s === 0 ? 0 : 30, l1Misses: s }));
    const { times, values } = ratiosOf(
      history,
      ({ l1Hits }) => l1Hits,
      ({ l1Misses }) => l1Misses,
    );
    expect(times).toEqual([1_005, 1_030, 1_060, 1_065]);
    expect(values).toEqual([null, null, 30 / 90, 0]);
  });
});

describe("a chart", () => {
  const past = {
    ...adminStatus().history,
    ...{ minutes: [10, 11], requests: [120, 60], l1Hits: [9, 0], l1Misses: [1, 0], lagMs: [null, 400] },
  };

  it("begins with the minutes that the instances reported", () => {
    expect(minuteRates(past, "requests")).toEqual({ times: [660, 720], values: [2, 1] });
    expect(minuteRatios(past, "l1Hits", "l1Misses").values).toEqual([0.9, null]);
    expect(minuteValues(past, "lagMs").values).toEqual([null, 400]);
  });

  it("goes on with live samples, and shows no time twice", () => {
    const live = { times: [700, 703], values: [5, 6] };
    expect(joinSeries(minuteRates(past, "requests"), live)).toEqual({ times: [660, 700, 703], values: [2, 5, 6] });
    expect(joinSeries(minuteRates(past, "requests"), { times: [], values: [] }).times).toEqual([660, 720]);
    const later = { times: [700, 730], values: [null, 6] };
    expect(joinSeries(minuteRates(past, "requests"), later)).toEqual({ times: [660, 720, 730], values: [2, 1, 6] });
    expect(joinSeries(minuteRates(past, "requests"), { times: [700], values: [null] }).values).toEqual([2, 1]);
  });
});
