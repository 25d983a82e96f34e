import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BOUNDS_MS } from "@/lib/core/histogram";
import { costOf } from "@/lib/server/observe/cost";
import { withoutReplaced } from "@/lib/server/observe/instance-report";
import { instanceStatus, sumMirrors, sumReports } from "@/lib/server/observe/report-sum";
import { AdminStatus, CostStatus, InstanceStatus } from "@/lib/wire/operators/admin";
import { InstanceReport, MirrorReport } from "@/lib/wire/operators/instance-report";

const count = fc.nat({ max: 1_000_000 });
const breaker = fc.constantFrom("closed", "open", "half-open" as const);
const latency = fc.record({
  counts: fc.array(count, { minLength: BOUNDS_MS.length + 1, maxLength: BOUNDS_MS.length + 1 }),
  sumMs: count,
});
const tier = fc.record({
  ...{ hits: count, misses: count, stale: count, errors: count, bytes: count, latency },
  breaker: fc.option(breaker),
});
const counts = (...names: string[]) => fc.record(Object.fromEntries(names.map((name) => [name, count])));
const named = fc.dictionary(fc.constantFrom("2xx", "4xx", "lookup", "commit"), count);
const report = fc
  .record({
    instanceId: fc.uuid(),
    place: fc.option(
      fc.record({
        host: fc.string({ maxLength: 200 }),
        region: fc.option(fc.constant("fra")),
        deployment: fc.option(fc.constant("dpl_1")),
      }),
    ),
    tiers: fc.record({ l1: tier, redis: tier, postgres: tier }),
    mirrors: fc.array(
      fc.record({
        ...{ origin: fc.constantFrom("http://a", "http://b"), circuit: breaker, lastError: fc.option(fc.string()) },
        ...{ requests: count, errors: count, rateLimited: count },
      }),
      { maxLength: 2 },
    ),
    memory: counts("rssBytes", "heapBytes"),
    ...{ requests: named, commands: named, statements: named },
    streams: counts("open", "opened", "refusedPerUser", "refusedPerInstance"),
    events: counts("published", "received", "missed", "connections"),
    budget: counts("waitMs", "refused"),
    sync: counts("commits", "conflicts", "messages", "gaps"),
    submits: counts("messages", "transactions", "bytes", "errors"),
  })
  .map((rest) =>
    InstanceReport.parse({
      ...{ form: 1, version: "0.1.0", startedMs: 1_000, reportedMs: 2_000, isEventBusConnected: true },
      ...rest,
    }),
  );
const reports = fc.array(report, { minLength: 1, maxLength: 4 });
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe("the sum of reports", () => {
  it("holds every count of every instance once, in the documented shape", () => {
    fc.assert(
      fc.property(reports, (all) => {
        const total = AdminStatus.shape.total.parse(sumReports(all));
        for (const name of ["l1", "redis", "postgres"] as const) {
          for (const member of ["hits", "misses", "stale", "errors", "bytes"] as const)
            expect(total.tiers[name][member]).toBe(sum(all.map(({ tiers }) => tiers[name][member])));
          expect(total.tiers[name].latency.count).toBe(sum(all.flatMap(({ tiers }) => tiers[name].latency.counts)));
        }
        expect(sum(Object.values(total.commands))).toBe(sum(all.flatMap(({ commands }) => Object.values(commands))));
        expect(total.streams.open).toBe(sum(all.map(({ streams }) => streams.open)));
        expect(total.budget.waitMs).toBe(Math.max(...all.map(({ budget }) => budget.waitMs)));
        for (const each of all) InstanceStatus.parse(instanceStatus(each, false));
      }),
      { numRuns: 50 },
    );
  });

  it("shows the worst circuit breaker of a mirror and of a tier", () => {
    fc.assert(
      fc.property(reports, (all) => {
        const mirrors = sumMirrors(all);
        for (const mirror of mirrors) {
          MirrorReport.parse(mirror);
          const own = all.flatMap((each) => each.mirrors).filter(({ origin }) => origin === mirror.origin);
          expect(mirror.requests).toBe(sum(own.map(({ requests }) => requests)));
          expect(mirror.circuit === "open").toBe(own.some(({ circuit }) => circuit === "open"));
        }
        const isOpen = all.some(({ tiers }) => tiers.redis.breaker === "open");
        expect(sumReports(all).tiers.redis.breaker === "open").toBe(isOpen);
      }),
      { numRuns: 50 },
    );
  });
});

describe("the cost", () => {
  const [base] = fc.sample(report, { numRuns: 1, seed: 7 }) as [InstanceReport];
  const DAY_MS = 86_400_000;
  const of = (changes: Partial<InstanceReport>): InstanceReport => ({
    ...base,
    ...{ startedMs: 0, commands: {}, submits: { messages: 0, transactions: 0, bytes: 0, errors: 0 } },
    tiers: { ...base.tiers, redis: { ...base.tiers.redis, bytes: 0 } },
    ...changes,
  });

  it("is the counts at list prices, and its daily rate adds up all instances", () => {
    const [long, short] = [
      of({ commands: { lookup: 60_000, fill: 40_000 } }),
      of({ commands: { lookup: 50_000 }, startedMs: DAY_MS }),
    ];
    const cost = CostStatus.parse(costOf([long, short], null, 2 * DAY_MS));
    const item = cost.items.find(({ name }) => name === "Redis: commands");
    // $0.20 for 100,000 commands: 150,000 so far; 50,000 a day of each.
    expect(item).toMatchObject({ quantity: 150_000 });
    expect(item?.dollars).toBeCloseTo(0.3, 10);
    expect(item?.dollarsPerDay).toBeCloseTo(0.2, 10);
    expect(cost.dollars).toBeCloseTo(0.3, 10);
  });

  it("of a message is its fee, a little for each byte after the first hundred, and the query of its record", () => {
    const submits = { messages: 1, transactions: 1, bytes: 1_024, errors: 0 };
    const cost = costOf([of({ submits })], null, DAY_MS);
    // docs/hedera.md §3: 1,024 bytes are about $0.00143, and a record is $0.0001.
    expect(cost.dollars).toBeCloseTo(0.00153, 5);
  });

  it("has no daily rate in the first hour, and an instance of less than an hour does not raise it much", () => {
    const HOUR_MS = 3_600_000;
    const submits = { messages: 1, transactions: 1, bytes: 100, errors: 0 };
    const [early, later] = [HOUR_MS - 1, HOUR_MS].map((nowMs) => costOf([of({ submits })], 30e9, nowMs));
    expect([early?.dollarsPerDay, early?.items[0]?.dollarsPerDay]).toEqual([null, null]);
    expect(early?.items.at(-1)?.dollarsPerDay).toBeCloseTo(0.35, 10);
    expect(later?.items[0]?.dollarsPerDay).toBeCloseTo(24 * (later?.items[0]?.dollars ?? 0), 10);
    const young = of({ submits, startedMs: 2 * DAY_MS - 1_000 });
    const [ledger] = costOf([of({}), young], null, 2 * DAY_MS).items;
    expect(ledger?.dollarsPerDay).toBeCloseTo(24 * (ledger?.dollars ?? 0), 10);
  });

  it("of storage grows with time", () => {
    const [day, two] = [1, 2].map((days) => costOf([of({})], 30e9, days * DAY_MS));
    expect(day?.dollars).toBeCloseTo(0.35, 10);
    expect(two?.dollars).toBeCloseTo(0.7, 10);
    expect(two?.dollarsPerDay).toBeCloseTo(0.35, 10);
  });
});

describe("an instance that ended without a word", () => {
  const [sample] = fc.sample(report, 1) as [InstanceReport];
  const at = (host: string, startedMs: number, reportedMs: number): InstanceReport => ({
    ...sample,
    ...{ instanceId: `${host} ${startedMs}`, place: { host, region: null, deployment: null }, startedMs, reportedMs },
  });
  const idsOf = (reports: readonly InstanceReport[]) => withoutReplaced(reports).map(({ instanceId }) => instanceId);

  it("leaves the list as soon as another process listens on its host and port", () => {
    const [killed, successor, neighbour] = [at("web-1:3000", 1, 5), at("web-1:3000", 6, 7), at("web-1:3001", 6, 7)];
    expect(idsOf([killed, successor, neighbour])).toEqual(["web-1:3000 6", "web-1:3001 6"]);
  });

  it("is not mistaken for a live one on another host of the same name", () => {
    expect(idsOf([at("ubuntu:3000", 1, 9), at("ubuntu:3000", 6, 7)])).toHaveLength(2);
  });

  it("is never found among functions, which have no port", () => {
    expect(idsOf([at("function", 1, 5), at("function", 6, 7), { ...at("x", 8, 9), place: null }])).toHaveLength(3);
  });
});
