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
    rates.moved(T, 10, 0);
    rates.moved(T, 15);
    expect(last(2)).toEqual([0, 15]);
    await clock.advance(60_000);
    rates.moved(T, 16);
    expect(last(2)).toEqual([15, 1]);
    await clock.advance((RATE_MINUTES - 1) * 60_000);
    expect(rates.perMinute(T)).toEqual([1, ...Array(RATE_MINUTES - 1).fill(0)]);
  });

  it("are counted once, though the commit of this process is heard of again", () => {
    rates.moved(T, 10, 0);
    rates.moved(T, 10);
    rates.moved(T, 12, 10);
    rates.moved(T, 12);
    expect(last(1)).toEqual([12]);
  });

  it("are unknown where only the cursor is: a topic that others have synced is no burst", () => {
    rates.moved(T, 1_000_000);
    expect(last(1)).toEqual([0]);
    rates.moved(T, 1_000_003);
    expect(last(1)).toEqual([3]);
  });
});
