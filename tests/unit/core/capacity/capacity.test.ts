import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PURPOSES } from "@/lib/adapters/redis/client/command-stats";
import { capacity, sum } from "@/lib/core/capacity/capacity";
import { total, withoutLedger } from "@/lib/core/capacity/costs";
import {
  type CapacityInputs,
  DEFAULT_INPUTS,
  DEFAULT_SETTINGS,
  PLAN_SCALES,
  withLinger,
  withSetUp,
} from "@/lib/core/capacity/inputs";
import { limitsOf, uncachedLimitsOf } from "@/lib/core/capacity/limits";
import type { Capacity } from "@/lib/core/capacity/outputs";
import { STAYING } from "@/lib/core/capacity/rates";
import { SET_UP_NAMES } from "@/lib/core/capacity/set-ups/set-ups";
import { traffic } from "@/lib/core/capacity/traffic";
import { uncachedDesign } from "@/lib/core/capacity/uncached";
import { figure } from "@/lib/core/capacity/unit-figures";
import { readEnv } from "@/lib/server/config/env";

const of = (inputs: Partial<CapacityInputs>): Capacity => capacity({ ...DEFAULT_INPUTS, ...inputs });
const usd = (inputs: Partial<CapacityInputs>, part: Parameters<typeof total>[1]) => total(of(inputs).costs, part);

const TINY = [3.5e-323, 1e-310, 1e-100, 1e-14];
const share = fc.oneof({ weight: 9, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) }, fc.constantFrom(...TINY));
const anyInputs = fc
  .record({
    users: fc.integer({ min: 0, max: 20_000_000 }),
    signalsPerUserDay: fc.double({ min: 0, max: 1_000, noNaN: true }),
    readsPerUserDay: fc.double({ min: 0, max: 2_000, noNaN: true }),
    openPageShare: share,
    segments: fc.integer({ min: 1, max: 64 }),
    contactsPerUser: fc.integer({ min: 0, max: 500 }),
    ownWriteShare: share,
    directReadShare: share,
    monthsKept: fc.integer({ min: 1, max: 60 }),
    mirrorMs: fc.integer({ min: 1, max: 2_000 }),
    zones: fc.constantFrom<1 | 2>(1, 2),
    setUp: fc.constantFrom(...SET_UP_NAMES),
    lingerMs: fc.constantFrom(0, 200, 1_000, 10_000),
  })
  .map(
    ({ lingerMs, ...some }): CapacityInputs =>
      withLinger(withSetUp({ ...DEFAULT_INPUTS, ...some }, some.setUp), lingerMs),
  );

describe("the plan's own figures", () => {
  it.each([
    [10_000, 1.75e6, 20.25, 47_250],
    [100_000, 17.5e6, 202.5, 472_500],
    [1_000_000, 175e6, 2_025, 4_725_000],
    [10_000_000, 1.75e9, 20_255, 47_250_000],
  ])("of %d users: messages a day and a second, and what the ledger charges", (users, perDay, perS, fees) => {
    const needs = of({ users, messageBytes: 100 });
    expect(needs.messages.perDay).toBeCloseTo(perDay, 3);
    expect(Math.abs(needs.messages.perS / perS - 1)).toBeLessThan(0.001);
    expect(total(needs.costs, "ledger")).toBeCloseTo(fees, 3);
  });

  it("without a cache: 50 GB of memory for 100,000 users", () => {
    expect(uncachedDesign({ ...DEFAULT_INPUTS, users: 100_000 }).memoryBytes).toBe(50e9);
  });

  it("without a cache: mirror calls for each read and each poll, counted by hand", () => {
    // 10,000 users × 100 reads × 2 pages a day, and 500 open pages that ask for four kinds once a minute.
    const byHand = (10_000 * 100 * 2) / 86_400 + (500 * 4) / 60;
    expect(uncachedDesign(DEFAULT_INPUTS).mirrorRequestsPerS).toBeCloseTo(byHand, 9);
  });
});

describe("a doorbell", () => {
  const at = (hasDoorbell: boolean, inputs: Partial<CapacityInputs>) =>
    of({ instances: 1, ...inputs, settings: { ...DEFAULT_SETTINGS, hasDoorbell } }).mean;
  const idle = { users: 100, openPageShare: 1, signalsPerUserDay: 0, readsPerUserDay: 0 };

  it("leaves an idle network with an open page one look at each topic in ten minutes, a lease and an empty round in five seconds", () => {
    const { mirror, redis } = at(true, idle);
    // Four topics and the head, once for each of the looks, which come one by one.
    expect(mirror.requests).toBeCloseTo((4 + 4) / 600, 3);
    expect(redis.lease).toBeCloseTo(1 / 5, 9);
    expect(redis.round).toBeCloseTo(1 / 5 + 4 / 600, 3);
  });

  it("pulls a topic with a message each minute once a minute, where polls pull it once a second", () => {
    const quiet = { ...idle, signalsPerUserDay: (4 * 86_400) / 60 / 100, ownWriteShare: 0, contactsPerUser: 0 };
    const kindShares = { contact: 0.25, trust: 0.25, recognition: 0.25, profile: 0.25 };
    const perMinute = 1 / (1 + Math.exp(-1 / 60) * (1 / (1 / 60 + 1 / 600)));
    // A run that finds a message asks for two pages. Two messages within a period are rare.
    const { mirror } = at(true, { ...quiet, kindShares });
    expect(mirror.requests / perMinute / 4).toBeGreaterThan(2.4);
    expect(mirror.requests / perMinute / 4).toBeLessThan(3);
    expect(at(false, { ...quiet, kindShares }).mirror.requests).toBeGreaterThan(5);
  });

  it("is of no use without an open page", () => {
    const closed = { users: 1_000, openPageShare: 0 };
    expect(at(true, closed)).toEqual(at(false, closed));
  });

  it("costs the mirror at most what the polls cost", () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const [rung, polled] = [true, false].map((hasDoorbell) =>
          capacity({ ...inputs, instances: 2, settings: { ...inputs.settings, hasDoorbell } }),
        );
        expect(rung?.mean.mirror.demanded).toBeLessThanOrEqual((polled?.mean.mirror.demanded ?? 0) * 1.001 + 1e-9);
      }),
    );
  });
});

describe("one piece of code at a time, by hand", () => {
  it("storage is the bytes that messages leave behind", () => {
    const { storage } = of({ users: 1_000, monthsKept: 3 });
    const month = 1_000 * 175 * 30 * figure("storedBytesPerMessage");
    expect(storage).toEqual({ monthBytes: month, keptBytes: month * 3 });
  });

  it("an idle network with one open page costs four topics and the head in each gate period, and nothing else", () => {
    const { mean } = of({ users: 100, openPageShare: 1, signalsPerUserDay: 0, readsPerUserDay: 0, instances: 1 });
    expect(mean.mirror.requests).toBeCloseTo(5, 5);
    expect(mean.redis).toEqual({
      lookup: 0,
      fill: 0,
      round: 1,
      // The head and the topics, and everybody's stream once in its time.
      budget: mean.mirror.requests + 100 / 280,
      publish: 0,
      begin: 0,
      end: 0,
      lease: 0,
      report: 0.1,
    });
    expect(sum(mean.sql)).toBeCloseTo(100 / 280, 9);
  });

  it("a period in which messages come costs a second page of the topic, a commit and an event", () => {
    // So many that every period has some, so few that a page holds them: 20 a second and topic.
    const kindShares = { contact: 0.25, trust: 0.25, recognition: 0.25, profile: 0.25 };
    const quiet = {
      kindShares,
      readsPerUserDay: 0,
      ownWriteShare: 0,
      instances: 1,
      openPageShare: 0.1,
      contactsPerUser: 0,
    };
    const { mean } = of({ ...quiet, users: 1_000, signalsPerUserDay: (80 * 86_400) / 1_000 });
    expect(mean.mirror.requests).toBeCloseTo(1 + 4 * 2, 3);
    expect(mean.redis.publish).toBeCloseTo(4, 3);
    expect(mean.sql.commit).toBeCloseTo(4, 3);
  });

  it("an instance whose topic another one has moved reads first where it stands, and asks for no page again", () => {
    // Every period has messages, so every run but those after one's own begins behind: of two instances every second one where
    // anyone may come first, none where it is always the same; half of the time it is.
    const many = { readsPerUserDay: 0, ownWriteShare: 0, openPageShare: 0.1, contactsPerUser: 0, users: 1_000 };
    const kindShares = { contact: 1, trust: 0, recognition: 0, profile: 0 };
    const at = (instances: number) =>
      of({ ...many, kindShares, signalsPerUserDay: (50 * 86_400) / 1_000, instances }).mean;
    expect(at(1).sql.cursor).toBe(0);
    expect(at(2).sql.cursor).toBeCloseTo(0.25, 3);
    expect(at(2).mirror.requests).toBeCloseTo(at(1).mirror.requests, 3);
  });

  it("a write costs a command to begin and one to end, and for trust and contacts a read of edges", () => {
    const { mean } = of({ ownWriteShare: 0.5 });
    expect(mean.redis.begin).toBeCloseTo(mean.messages / 2, 9);
    expect(mean.redis.end).toBeCloseTo(mean.messages / 2, 9);
    expect(mean.redis.budget - mean.mirror.requests).toBeCloseTo(500 / 280, 9);
    const { trust, contact } = DEFAULT_INPUTS.kindShares;
    expect(mean.sql.rule).toBeCloseTo((mean.messages / 2) * (trust + contact), 9);
  });

  it("a view that no commit touches is loaded once in its time to live, and asked of Redis once in that of memory", () => {
    const busy = { signalsPerUserDay: 0, readsPerUserDay: 3 * 86_400, directReadShare: 0, instances: 1, users: 1 };
    const { mean } = of(busy);
    // A read a second and view: of each three, two are within the two seconds in which the first has been fetched.
    expect(mean.l1HitShare).toBeCloseTo(2 / 3, 6);
    expect(mean.redis.lookup).toBeCloseTo(1, 6);
    expect(mean.redis.fill).toBeLessThan(1e-9);
  });

  it("a view that is read as often as commits touch it is cold at every second read", () => {
    // Two kinds would touch a user apart; one is simpler by hand: written 1 a day, so touched twice.
    const kindShares = { contact: 1, trust: 0, recognition: 0, profile: 0 };
    const { mean } = of({
      users: 1e6,
      kindShares,
      signalsPerUserDay: 1,
      readsPerUserDay: 6,
      directReadShare: 0,
      settings: { ...DEFAULT_SETTINGS, viewTtlMs: 1e15 },
    });
    expect(mean.redisHitShare).toBeCloseTo(0.5, 3);
  });

  it("one page that stays open makes a round in every period, one that comes and goes in 1 - 1/e of them", () => {
    const inputs = { ...DEFAULT_INPUTS, users: 1, openPageShare: 1, signalsPerUserDay: 0, readsPerUserDay: 0 };
    const perS = 1_000 / DEFAULT_SETTINGS.gateMs;
    expect(traffic(inputs, 1, STAYING).redis.round).toBeCloseTo(perS, 9);
    expect(traffic(inputs, 2, STAYING).redis.round).toBeCloseTo(perS, 2);
    // Those who open the page again are a demand too, a rare one.
    expect(traffic(inputs, 1).redis.round / perS).toBeCloseTo(1 - Math.exp(-1), 2);
  });
});

/** Figures that must not fall when an input grows. */
const needsOf = ({ messages, storage, mean, memory, instances, costs }: Capacity) => ({
  messages: messages.perDay,
  stored: storage.keptBytes,
  reads: mean.reads,
  lookups: mean.redis.lookup,
  fills: mean.redis.fill,
  writes: mean.redis.begin,
  mirror: mean.mirror.demanded,
  memory: memory.l1Bytes,
  instances: instances.mean,
  peakInstances: instances.peak,
  ledger: total(costs, "ledger"),
  dollars: total(costs),
});

const expectNoLess = (after: Capacity, before: Capacity) => {
  const [a, b] = [needsOf(after), needsOf(before)];
  for (const name of Object.keys(b) as (keyof typeof b)[])
    expect([name, a[name] >= b[name] * (1 - 1e-6) - 1e-6, a[name], b[name]]).toEqual([name, true, a[name], b[name]]);
};

describe("whatever the inputs", () => {
  const silent = { ...DEFAULT_INPUTS, users: 20_000_000, openPageShare: 0, readsPerUserDay: 0, ownWriteShare: 0 };
  const rare = TINY.flatMap((rate): [CapacityInputs][] => [
    [{ ...silent, openPageShare: rate }],
    [{ ...silent, readsPerUserDay: rate }],
    [{ ...silent, ownWriteShare: rate }],
  ]);

  it("every figure is finite and not negative, also when something happens less than once in a million years", () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const numbers = JSON.stringify(capacity(inputs), (_, value: unknown) => {
          if (typeof value === "number" && !(Number.isFinite(value) && value >= 0)) throw new Error(`${value}`);
          return value;
        });
        expect(numbers).toContain("costs");
      }),
      { examples: rare },
    );
  });

  it("more users never need less", () => {
    fc.assert(
      fc.property(anyInputs, fc.integer({ min: 1, max: 5_000_000 }), (inputs, more) => {
        expectNoLess(capacity({ ...inputs, users: inputs.users + more }), capacity(inputs));
      }),
    );
  });

  it("traffic that is proportional to users doubles with them", () => {
    fc.assert(
      fc.property(anyInputs, (some) => {
        // More signals share a message where more users write.
        const inputs = withLinger(some, 0);
        const [one, two] = [capacity(inputs), capacity({ ...inputs, users: inputs.users * 2 })];
        const pairs = [
          [one.messages.perDay, two.messages.perDay],
          [one.storage.keptBytes, two.storage.keptBytes],
          [one.mean.reads, two.mean.reads],
          [one.mean.redis.end, two.mean.redis.end],
          [one.memory.allUsersBytes, two.memory.allUsersBytes],
          [total(one.costs, "ledger"), total(two.costs, "ledger")],
        ] as const;
        for (const [a, b] of pairs) expect(b).toBeCloseTo(2 * a, 3);
      }),
    );
  });

  it("no users cost nothing", () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const nobody = { ...inputs, users: 0 };
        expect(total(capacity(nobody).costs)).toBe(0);
        expect(total(uncachedDesign(nobody).costs)).toBe(0);
        expect(sum(capacity(nobody).mean.redis) + sum(capacity(nobody).mean.sql)).toBe(0);
      }),
    );
  });

  it("mirror requests do not follow the number of reads, once there is one read in each gate period", () => {
    fc.assert(
      fc.property(anyInputs, fc.double({ min: 1, max: 1_000, noNaN: true }), (given, times) => {
        // 10,000 reads a second: the period hardly waits for the next.
        const users = Math.max(given.users, 1);
        const inputs = { ...given, users, instances: 3, readsPerUserDay: (10_000 * 86_400) / users };
        const [few, many] = [
          capacity(inputs),
          capacity({ ...inputs, readsPerUserDay: inputs.readsPerUserDay * times }),
        ];
        expect(many.mean.mirror.demanded).toBeLessThan(few.mean.mirror.demanded * 1.001);
        expect(uncachedDesign(many.inputs).mirrorRequestsPerS).toBeGreaterThanOrEqual(
          uncachedDesign(few.inputs).mirrorRequestsPerS,
        );
      }),
    );
  });

  it("mirror requests stay within the budget, or within what carries the messages", () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const { mean } = capacity(inputs);
        const allowed = Math.max(inputs.settings.mirrorRps, (1.25 * mean.messages) / 100);
        expect(mean.mirror.requests).toBeLessThanOrEqual(allowed * (1 + 1e-9));
        expect(mean.mirror.requests).toBeLessThanOrEqual(mean.mirror.demanded * (1 + 1e-9));
      }),
    );
  });
});

describe("limits", () => {
  it("name what to do, on both set-ups", () => {
    for (const setUp of SET_UP_NAMES)
      for (const { remedy } of limitsOf(withSetUp(DEFAULT_INPUTS, setUp))) expect(remedy).toMatch(/^[A-Z].{20,}[.]$/);
  });

  it("come in the order in which they break, and each breaks there and not before", () => {
    const aws = withSetUp(DEFAULT_INPUTS, "aws");
    for (const [inputs, at] of [
      [DEFAULT_INPUTS, limitsOf],
      [aws, limitsOf],
      [DEFAULT_INPUTS, uncachedLimitsOf],
    ] as const) {
      const limits = at(inputs);
      const users = limits.map(({ breaksAtUsers }) => breaksAtUsers);
      expect(users).toEqual(users.toSorted((a, b) => a - b));
      for (const { name, breaksAtUsers } of limits) {
        const limitAt = (n: number) => at({ ...inputs, users: n }).find((limit) => limit.name === name);
        const [before, after] = [limitAt(Math.floor(breaksAtUsers * 0.99)), limitAt(breaksAtUsers)];
        expect([name, (before?.used ?? 0) <= (before?.limit ?? 0)]).toEqual([name, true]);
        expect([name, (after?.used ?? 0) > (after?.limit ?? 0)]).toEqual([name, true]);
      }
    }
  });

  it("of the ledger: 10,000 transactions a second are 4.9 million users at the mean, and a third of that at the peak", () => {
    const hcs = (peakToMean: number) =>
      limitsOf({ ...DEFAULT_INPUTS, peakToMean }).find(({ name }) => name.includes("Hedera"))?.breaksAtUsers ?? 0;
    expect(hcs(1) / 4_937_143).toBeCloseTo(1, 2);
    expect(hcs(3) / 1_645_714).toBeCloseTo(1, 2);
  });

  it("without a cache break before the first wall of ours", () => {
    const wall = limitsOf(DEFAULT_INPUTS).find(({ kind }) => kind === "wall");
    expect(uncachedLimitsOf(DEFAULT_INPUTS)[0]?.breaksAtUsers).toBeLessThan((wall?.breaksAtUsers ?? 0) / 10);
  });
});

describe("dollars", () => {
  it("of the ledger have their own line, and running this is the smaller part at every scale", () => {
    for (const users of PLAN_SCALES) {
      const { costs } = of({ users });
      expect(total(costs)).toBeCloseTo(withoutLedger(costs) + total(costs, "ledger"), 6);
      expect(withoutLedger(costs)).toBeLessThan(total(costs, "ledger"));
    }
  });

  it("of the mirror are zero while the public one carries the requests", () => {
    expect(usd({ users: 100_000 }, "mirror")).toBe(0);
    expect(usd({ users: 10_000_000 }, "mirror")).toBeGreaterThan(10_000);
  });
});

describe("figures", () => {
  it("of the settings are the server's own defaults", () => {
    const env = readEnv({});
    expect(DEFAULT_SETTINGS).toMatchObject({
      gateMs: env.FRESHNESS_TARGET_MS / 2,
      l1TtlMs: env.FRESHNESS_TARGET_MS,
      l1MaxBytes: env.L1_MAX_BYTES,
      viewTtlMs: env.CACHE_TTL_S * 1_000,
      streamMaxS: env.STREAM_MAX_S,
      mirrorRps: env.MIRROR_RPS,
    });
  });

  it("of Redis use the purposes by which the adapter counts", () => {
    for (const purpose of Object.keys(of({}).mean.redis)) expect(PURPOSES).toContain(purpose);
  });

  it("of kinds sum to one", () => {
    expect(sum(DEFAULT_INPUTS.kindShares)).toBeCloseTo(1, 9);
  });
});
