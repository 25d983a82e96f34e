import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { capacity } from "@/lib/core/capacity/capacity";
import { total, withoutLedger } from "@/lib/core/capacity/costs";
import { egressBytesPerS } from "@/lib/core/capacity/egress";
import { type CapacityInputs, DEFAULT_INPUTS, MONTH_S, withSetUp } from "@/lib/core/capacity/inputs";
import type { Capacity, CostPart } from "@/lib/core/capacity/outputs";
import { planCells, shortfalls } from "@/lib/core/capacity/plan";
import { PRICES } from "@/lib/core/capacity/prices";
import { cacheOf, containersOf, databaseOf } from "@/lib/core/capacity/set-ups/aws";
import { SET_UP_NAMES, SET_UPS, type SetUp } from "@/lib/core/capacity/set-ups/set-ups";
import { CACHE_MACHINES, cheapest, DATABASE_MACHINES, UPSTASH_PLANS } from "@/lib/core/capacity/set-ups/sizes";
import { figure } from "@/lib/core/capacity/unit-figures";
import { readEnv } from "@/lib/server/config/env";

const at = (setUp: SetUp, inputs: Partial<CapacityInputs> = {}): Capacity =>
  capacity(withSetUp({ ...DEFAULT_INPUTS, ...inputs }, setUp));
const whats = ({ costs }: Capacity, of: CostPart) => costs.filter(({ part }) => part === of).map(({ what }) => what);

const anyone = fc
  .record({
    users: fc.oneof(fc.integer({ min: 1, max: 50_000 }), fc.integer({ min: 1, max: 20_000_000 })),
    signalsPerUserDay: fc.double({ min: 0, max: 1_000, noNaN: true }),
    readsPerUserDay: fc.double({ min: 0, max: 2_000, noNaN: true }),
    openPageShare: fc.double({ min: 0, max: 1, noNaN: true }),
    ownWriteShare: fc.double({ min: 0, max: 1, noNaN: true }),
    monthsKept: fc.integer({ min: 1, max: 60 }),
    peakToMean: fc.integer({ min: 1, max: 10 }),
    zones: fc.constantFrom<1 | 2>(1, 2),
  })
  .map((some): CapacityInputs => ({ ...DEFAULT_INPUTS, ...some }));

describe("the cheapest size", () => {
  it("carries the load, and no cheaper one does", () => {
    const sizes = fc.array(
      fc.record({ name: fc.string(), usd: fc.integer({ min: 0, max: 50 }), carries: fc.boolean() }),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(sizes, (given) => {
        const priced = given.map((size) => ({ ...size, price: "redisCommand" as const }));
        const found = cheapest(priced, ({ carries }) => carries);
        const usable = priced.filter(({ carries }) => carries);
        expect(found === null).toBe(usable.length === 0);
        if (found !== null) expect(found.usd).toBe(Math.min(...usable.map(({ usd }) => usd)));
      }),
    );
  });

  it("of RDS has the cores, the memory and, all day long, the CPU that are needed", () => {
    fc.assert(
      fc.property(anyone, (inputs) => {
        const needs = at("aws", inputs);
        const { machine, count } = databaseOf(needs);
        expect(machine.cores * count).toBeGreaterThanOrEqual(needs.postgres.peakComputeUnits);
        expect(machine.baseline * count).toBeGreaterThanOrEqual(needs.postgres.cores);
        const dayGb = (needs.messages.perDay * figure("storedBytesPerMessage")) / 1e9;
        expect(machine.gb * count).toBeGreaterThanOrEqual(dayGb);
        const isEnough = ({ cores, baseline, gb }: typeof machine) =>
          cores >= needs.postgres.peakComputeUnits && baseline >= needs.postgres.cores && gb >= dayGb + 1;
        for (const other of DATABASE_MACHINES)
          if (count === 1 && other.usd < machine.usd) expect(isEnough(other)).toBe(false);
      }),
    );
  });

  it("of ElastiCache holds the views and the answers, and runs the commands of the busiest minute", () => {
    fc.assert(
      fc.property(anyone, (inputs) => {
        const needs = at("aws", inputs);
        const { machine, count } = cacheOf(needs);
        expect(machine.gb * count * 0.75).toBeGreaterThanOrEqual((needs.redis.storedBytes / 1e9) * (1 - 1e-9));
        const peakCores = (needs.redis.peakCommandsPerS * figure("redisUsPerCommand")) / 1e6;
        // A node runs its commands on one core, of which a burst needs a part.
        expect(count * 0.6).toBeGreaterThanOrEqual(peakCores * (1 - 1e-9));
        const meanCores = (needs.redis.commandsPerS * figure("redisUsPerCommand")) / 1e6;
        expect(machine.baseline * count).toBeGreaterThanOrEqual(meanCores * (1 - 1e-9));
      }),
    );
  });

  it("of Upstash has the memory, the traffic and the commands, and costs no more than paying by use", () => {
    fc.assert(
      fc.property(anyone, (inputs) => {
        const needs = at("vercel", inputs);
        const plan = UPSTASH_PLANS.find(({ name }) => whats(needs, "redis")[0] === name);
        const gb = needs.redis.storedBytes / 1e9;
        const byUse = (needs.redis.commandsPerS * MONTH_S * PRICES.redisCommand.usd) / PRICES.redisCommand.per;
        if (plan === undefined) {
          const fits = UPSTASH_PLANS.filter(
            (each) => gb <= each.gb && needs.redis.peakCommandsPerS <= each.commandsPerS,
          );
          for (const each of fits)
            if ((needs.redis.trafficBytesPerS * MONTH_S) / 1e9 <= each.trafficGb)
              expect(total(needs.costs, "redis")).toBeLessThanOrEqual(each.usd);
          return;
        }
        expect(plan.gb).toBeGreaterThanOrEqual(gb);
        expect(plan.trafficGb).toBeGreaterThanOrEqual((needs.redis.trafficBytesPerS * MONTH_S) / 1e9);
        expect(plan.commandsPerS).toBeGreaterThanOrEqual(needs.redis.peakCommandsPerS);
        if (needs.redis.peakCommandsPerS <= 10_000 && gb <= 100)
          expect(plan.usd).toBeLessThanOrEqual(
            byUse + gb * 0.25 + (needs.redis.trafficBytesPerS * MONTH_S * 0.03) / 1e9,
          );
      }),
    );
  });

  it("of containers carries the busiest minute, with one in each zone", () => {
    fc.assert(
      fc.property(anyone, (inputs) => {
        const needs = at("aws", inputs);
        expect(containersOf(needs)).toBeGreaterThanOrEqual(Math.max(needs.instances.peak, inputs.zones));
        expect(containersOf(needs) * SET_UPS.aws.streams).toBeGreaterThanOrEqual(needs.peak.openStreams);
      }),
    );
  });
});

describe("dollars", () => {
  it("are the sum of their lines, each of which is finite and not negative", () => {
    fc.assert(
      fc.property(anyone, fc.constantFrom(...SET_UP_NAMES), (inputs, setUp) => {
        const { costs } = at(setUp, inputs);
        for (const { usd } of costs) expect(Number.isFinite(usd) && usd >= 0).toBe(true);
        const parts = ["ledger", "mirror", "redis", "postgres", "instances", "network"] as const;
        const sum = parts.reduce((all, part) => all + total(costs, part), 0);
        expect(sum / total(costs)).toBeCloseTo(1, 9);
        expect(withoutLedger(costs)).toBeCloseTo(sum - total(costs, "ledger"), 3);
      }),
    );
  });

  it("without the ledger's never fall when users are added", () => {
    fc.assert(
      fc.property(
        anyone,
        fc.constantFrom(...SET_UP_NAMES),
        fc.double({ min: 1, max: 9, noNaN: true }),
        (inputs, setUp, times) => {
          const [few, many] = [at(setUp, inputs), at(setUp, { ...inputs, users: Math.ceil(inputs.users * times) })];
          expect(withoutLedger(many.costs)).toBeGreaterThanOrEqual(withoutLedger(few.costs) * (1 - 1e-6));
        },
      ),
    );
  });

  it("of a second zone are those of a standby of the database and the cache", () => {
    const [one, two] = [at("aws", { users: 100_000 }), at("aws", { users: 100_000, zones: 2 })];
    for (const part of ["redis", "postgres"] as const) expect(total(two.costs, part)).toBe(2 * total(one.costs, part));
    expect(total(two.costs, "instances")).toBe(total(one.costs, "instances"));
    expect(total(at("vercel", { zones: 2 }).costs)).toBe(total(at("vercel").costs));
  });

  it("of the network are those of the cheaper way out: addresses for few containers, a gateway for many", () => {
    expect(whats(at("aws", { users: 10_000 }), "network")).toContain("public addresses");
    expect(whats(at("aws", { users: 1_000_000 }), "network")).toContain("NAT gateway");
  });

  it("of egress are counted in steps", () => {
    const needs = at("aws", { users: 10_000_000 });
    const gb = (egressBytesPerS(needs.inputs, needs.mean) * MONTH_S) / 1e9;
    expect(gb).toBeGreaterThan(50_000);
    const rest = gb - 50_000;
    const byHand = 9_900 * 0.09 + 40_000 * 0.085 + Math.min(rest, 100_000) * 0.07 + Math.max(0, rest - 100_000) * 0.05;
    const lines = needs.costs.filter(({ what }) => what === "to browsers");
    expect(lines.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(byHand, 3);
  });
});

describe("egress", () => {
  it("counts answers compressed, and those of unchanged views without a body", () => {
    const quiet = { signalsPerUserDay: 0, openPageShare: 0, directReadShare: 0 };
    const { inputs, mean } = at("aws", quiet);
    expect(mean.unchangedShare).toBe(1);
    expect(egressBytesPerS(inputs, mean)).toBeCloseTo(mean.reads * figure("unchangedBytes"), 6);
    const direct = at("aws", { ...quiet, directReadShare: 1 });
    expect(egressBytesPerS(direct.inputs, direct.mean)).toBeCloseTo(mean.reads * figure("answerBytes"), 6);
  });
});

describe("CPU of instances", () => {
  const cores = (setUp: SetUp, inputs: Partial<CapacityInputs>) =>
    at(setUp, { users: 1, signalsPerUserDay: 0, openPageShare: 0, ...inputs }).instances.cores * 1e6;
  // All reads but a few find their view in memory.
  const hits = { readsPerUserDay: 86_400 * 3_000, directReadShare: 0, instances: 1 };

  it("of an answer from memory is that of our own server on AWS, and of the framework on Vercel", () => {
    for (const setUp of SET_UP_NAMES) {
      const us = figure(SET_UPS[setUp].requestUs);
      expect(cores(setUp, hits) / 3_000).toBeGreaterThan(us);
      expect(cores(setUp, hits) / 3_000).toBeLessThan(us + 10);
    }
    expect(figure(SET_UPS.aws.requestUs)).toBeLessThan(figure(SET_UPS.vercel.requestUs) / 10);
  });

  it("of a read that no tier keeps is the request's and the work's", () => {
    const us = figure("requestUs") + figure("coldReadTcpUs");
    expect(cores("aws", { readsPerUserDay: 86_400, directReadShare: 1 })).toBeCloseTo(us, 6);
  });
});

/** The next step for the dollars of these needs; empty where they meet the plan. */
const nextFor = (needs: Capacity) => shortfalls([needs]).find(({ name }) => name.startsWith("dollars"))?.next ?? "";

describe("the plan's cells", () => {
  it("are met exactly where ours is at most the plan's, and say what would meet them", () => {
    for (const setUp of SET_UP_NAMES)
      for (const users of [10_000, 100_000, 1_000_000]) {
        const needs = at(setUp, { users });
        const cells = planCells(needs);
        expect(cells.map(({ what }) => what)).toEqual(["storage", "dollars"]);
        for (const { value, goal, isMet } of cells) expect(isMet).toBe(value <= goal);
        const missed = shortfalls([needs]);
        expect(missed).toHaveLength(cells.filter(({ isMet }) => !isMet).length);
        for (const { why, next } of missed) expect([why, next].every((text) => /^[A-Z].+[.]$/.test(text))).toBe(true);
      }
  });

  it("that are missed name the most months that would meet them, or what containers cost", () => {
    let checked = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(10_000, 100_000, 1_000_000),
        fc.integer({ min: 2, max: 120 }),
        (users, monthsKept) => {
          for (const setUp of SET_UP_NAMES) {
            const needs = at(setUp, { users, monthsKept });
            const cell = planCells(needs).find(({ what }) => what === "dollars");
            const next = nextFor(needs);
            const months = Number(/^Keep at most (\d+) months /.exec(next)?.[1]);
            if (cell === undefined || cell.isMet || Number.isNaN(months)) continue;
            checked += 1;
            const kept = (of: number) => withoutLedger(at(setUp, { users, monthsKept: of }).costs);
            expect(kept(months)).toBeLessThanOrEqual(cell.goal);
            expect(kept(months + 1)).toBeGreaterThan(cell.goal);
            expect(next).toContain(`(KEEP_MONTHS=${months - 1}): $${Math.round(kept(months)).toLocaleString("en")}.`);
          }
        },
      ),
    );
    expect(checked).toBeGreaterThan(0);
    const aws = Math.round(withoutLedger(at("aws", { users: 100_000 }).costs)).toLocaleString("en");
    expect(nextFor(at("vercel", { users: 100_000 }))).toBe(`Move to containers on AWS: $${aws}.`);
  });

  it("that are missed by the same share for the same reason are one shortfall, and storage counts once", () => {
    const all = SET_UP_NAMES.flatMap((setUp) =>
      [10_000, 100_000].map((users) => at(setUp, { users, signalsPerUserDay: 200 })),
    );
    const found = shortfalls(all);
    const storage = found.filter(({ name }) => name === "storage");
    expect(storage.map(({ users }) => users)).toEqual([[10_000, 100_000]]);
    expect(storage[0]?.times).toBeCloseTo(figure("storedBytesPerMessage") / (5e9 / (10_000 * 200 * 30)), 2);
    expect(storage[0]?.why).toMatch(/^A user writes 200 signals a day/);
    const missed = all.flatMap((needs) => planCells(needs).filter(({ isMet, what }) => !isMet && what === "dollars"));
    const dollars = found.filter(({ name }) => name !== "storage");
    expect(dollars.reduce((sum, { users }) => sum + users.length, 0)).toBe(missed.length);
    expect(dollars.every(({ name }) => /^dollars on (AWS|Vercel)$/.test(name))).toBe(true);
  });

  it("are none for a number of users that the plan does not have", () => {
    expect(planCells(at("aws", { users: 12_345 }))).toEqual([]);
  });
});

describe("set-ups", () => {
  it("have the server's own limit of streams on AWS", () => {
    expect(SET_UPS.aws.streams).toBe(readEnv({}).STREAMS_PER_INSTANCE);
  });

  it("have sizes that grow in price", () => {
    for (const family of ["cache.t4g", "cache.r7g", "db.t4g", "db.m7g", "db.r7g"]) {
      const sizes = [...DATABASE_MACHINES, ...CACHE_MACHINES].filter(({ name }) => name.startsWith(family));
      expect(sizes.length).toBeGreaterThan(1);
      expect(sizes.map(({ usd }) => usd)).toEqual(sizes.map(({ usd }) => usd).toSorted((a, b) => a - b));
    }
  });
});
