import { beforeEach, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import { RATE_MINUTES, TopicRates } from "@/lib/engine/live/topic-rates";
import { DrivenClock } from "../../../support/control/driven-clock";

const T = "0.0.1" as TopicId;
let clock: DrivenClock;
let rates: TopicRates;
beforeEach(() => {
  clock = new DrivenClock(0);
  rates = new TopicRates(clock);
});
const last = (n: number) => rates.perMinute(T).slice(-n);

describe("the messages of a minute", () => {
  it("are counted in it, and move into the past", async () => {
    rates.moved(T, { from: 0, to: 10 });
    rates.moved(T, { from: null, to: 15 });
    expect(last(2)).toEqual([0, 15]);
    await clock.advance(60_000);
    rates.moved(T, { from: null, to: 16 });
    expect(last(2)).toEqual([15, 1]);
    await clock.advance((RATE_MINUTES - 1) * 60_000);
    expect(rates.perMinute(T)).toEqual([1, ...Array(RATE_MINUTES - 1).fill(0)]);
  });

  it("are counted once, even if a commit is heard of again", () => {
    rates.moved(T, { from: 0, to: 10 });
    rates.moved(T, { from: null, to: 10 });
    rates.moved(T, { from: 10, to: 12 });
    rates.moved(T, { from: null, to: 12 });
    expect(last(1)).toEqual([12]);
  });

  it("are unknown if only the cursor is known: a topic that others have synced is not a burst", () => {
    rates.moved(T, { from: null, to: 1_000_000 });
    expect(last(1)).toEqual([0]);
    rates.moved(T, { from: null, to: 1_000_003 });
    expect(last(1)).toEqual([3]);
  });
});
