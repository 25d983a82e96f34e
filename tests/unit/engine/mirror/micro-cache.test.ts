import { expect, it } from "vitest";
import { type Loaded, MicroCache } from "@/lib/engine/mirror/micro-cache";

class Down extends Error {}

function world(maxBytes = 1_000_000) {
  let nowMs = 0;
  let loads = 0;
  let waiting: (() => void)[] = [];
  const copies = new MicroCache<{ n: number }>({
    maxBytes,
    now: () => nowMs,
    staleMaxMs: 10_000,
    isOutage: (cause) => cause instanceof Down,
  });
  const load =
    (more: Partial<Loaded<{ n: number }>> = {}) =>
    async () => {
      loads += 1;
      const value = { n: loads };
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { value, bytes: 10, lifeMs: 1_000, ...more };
    };
  const finish = () => {
    for (const wake of waiting) wake();
    waiting = [];
  };
  const get = async (key: string, more: Partial<Loaded<{ n: number }>> = {}) => {
    const served = copies.get(key, load(more));
    finish();
    return served;
  };
  const at = (ms: number) => {
    nowMs = ms;
  };
  return { copies, load, finish, get, loads: () => loads, at };
}

it("loads once for all who ask the same, and serves the copy for its life", async () => {
  const w = world();
  const all = Promise.all([1, 2, 3].map(() => w.copies.get("a", w.load())));
  w.finish();
  expect((await all).map(({ value }) => value.n)).toEqual([1, 1, 1]);
  w.at(999);
  expect(await w.get("a")).toEqual({ value: { n: 1 }, outcome: "hit" });
  w.at(1_000);
  expect(await w.get("a")).toEqual({ value: { n: 2 }, outcome: "miss" });
});

it("counts a copy's life from the beginning of its load: it may lack what came while it was loaded", async () => {
  const w = world();
  const slow = w.copies.get("a", w.load());
  w.at(800);
  w.finish();
  await slow;
  w.at(1_100);
  expect((await w.get("a")).outcome).toBe("miss");
});

it("serves an old copy while the source is down, for so long, and keeps no failure", async () => {
  const w = world();
  await w.get("a");
  const fail = (cause: Error) => w.copies.get("a", () => Promise.reject(cause));
  w.at(5_000);
  expect(await fail(new Down())).toEqual({ value: { n: 1 }, outcome: "stale" });
  await expect(fail(new Error("a fault of ours"))).rejects.toThrow("a fault of ours");
  w.at(10_001);
  await expect(fail(new Down())).rejects.toThrow(Down);
  expect((await w.get("a")).outcome).toBe("miss");
});

it("holds no more bytes than it may, whatever is asked for", async () => {
  const w = world(20_000);
  for (let i = 0; i < 200; i += 1) await w.get(`key ${i}`, { bytes: i % 7 === 0 ? 50_000 : 900, lifeMs: Infinity });
  expect(w.copies.bytes).toBeGreaterThan(10_000);
  expect(w.copies.bytes).toBeLessThanOrEqual(20_000);
  expect((await w.get("key 199", { lifeMs: Infinity })).outcome).toBe("hit");
});
