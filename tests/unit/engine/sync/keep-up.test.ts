import { expect, it } from "vitest";
import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import { keepUp } from "@/lib/engine/sync/keep-up";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";

const demands = (times: number[], clock: DrivenClock) => ({ demand: async () => void times.push(clock.monotonicMs()) });

it("demands a sync once a minute for all instances together", async () => {
  const clock = new DrivenClock();
  const hot = new MemoryHotCache(clock);
  const times: number[] = [];
  const end = new AbortController();
  for (let i = 0; i < 3; i += 1) {
    void keepUp({ scheduler: demands(times, clock), hot, clock }, end.signal);
    await clock.advance(7_000);
  }
  await clock.advance(600_000);
  expect(times.length).toBeGreaterThanOrEqual(9);
  expect(times.length).toBeLessThanOrEqual(11);
  end.abort();
  await clock.advance(120_000);
  expect(times.length).toBeLessThanOrEqual(11);
});

it("goes on in each instance alone while Redis is down, and after a demand that fails", async () => {
  const clock = new DrivenClock();
  let count = 0;
  const end = new AbortController();
  const passGate = async () => {
    throw new TierUnavailable("redis", "Redis: down");
  };
  const demand = async () => {
    count += 1;
    throw new Error("the database is down");
  };
  void keepUp({ scheduler: { demand }, hot: { passGate }, clock }, end.signal);
  await clock.advance(180_000);
  end.abort();
  expect(count).toBe(3);
});
