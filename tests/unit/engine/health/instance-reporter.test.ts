import { beforeEach, describe, expect, it } from "vitest";
import { MemoryInstanceReports } from "@/lib/adapters/memory/memory-instance-reports";
import { BUSY_TTL_MS, IDLE_TTL_MS, InstanceReporter } from "@/lib/engine/health/instance-reporter";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";

let clock: DrivenClock;
let sent: { readonly atMs: number; readonly report: string; readonly ttlMs: number; readonly asks: string }[];
let removed: string[];
let isDown: boolean;
let version: number;
let reporter: InstanceReporter;

beforeEach(() => {
  clock = new DrivenClock(0);
  [sent, removed, isDown, version] = [[], [], false, 0];
  const kept = new MemoryInstanceReports(clock);
  reporter = new InstanceReporter({
    instanceId: "this",
    reports: {
      report: async (own, asks) => {
        sent.push({ atMs: clock.now(), report: own.report, ttlMs: own.ttlMs, asks });
        if (isDown) throw new TierUnavailable("redis", "down");
        return kept.report(own, asks);
      },
      remove: async (id) => {
        if (isDown) throw new TierUnavailable("redis", "down");
        removed.push(id);
      },
    },
    compose: async () => String(version),
    clock,
    log: quietLog,
  });
});

describe("an instance", () => {
  it("that is idle sends nothing, and has no timer", async () => {
    await clock.advance(3_600_000);
    reporter.notice();
    await clock.advance(0);
    expect(sent).toHaveLength(1);
    await clock.advance(3_600_000);
    expect(sent).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  it("that is busy reports every ten seconds, through its last event", async () => {
    for (let i = 0; i < 100; i += 1) {
      version = i;
      reporter.notice();
      await clock.advance(250);
    }
    await clock.advance(60_000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 10_000, 20_000, 30_000, 40_000]);
    expect(sent.at(-1)).toMatchObject({ report: "99", asks: "nobody" });
  });

  it("that is busy leaves the list within 25 s of a kill, and stays for five minutes once it is idle", async () => {
    for (let second = 0; second < 25; second += 1) {
      reporter.notice();
      await clock.advance(1_000);
    }
    // The first report does not know yet that more will follow.
    expect(sent.map(({ ttlMs }) => ttlMs)).toEqual([IDLE_TTL_MS, BUSY_TTL_MS, BUSY_TTL_MS]);
    await clock.advance(3_600_000);
    expect(sent.map(({ atMs, ttlMs }) => [atMs, ttlMs]).slice(3)).toEqual([
      [30_000, BUSY_TTL_MS],
      [40_000, IDLE_TTL_MS],
    ]);
    expect(clock.waiting).toBe(0);
  });

  it("that gets a request now and then sends one report for each", async () => {
    for (let minute = 0; minute < 10; minute += 1) {
      reporter.notice();
      await clock.advance(60_000);
    }
    expect(sent.map(({ ttlMs }) => ttlMs)).toEqual(Array(10).fill(IDLE_TTL_MS));
  });

  it("never has an expired report while it is alive and busy", async () => {
    let untilMs = 0;
    for (let step = 0; step < 400; step += 1) {
      if (step % 7 < 5) reporter.notice();
      await clock.advance(900);
      const last = sent.at(-1);
      untilMs = last === undefined ? 0 : last.atMs + last.ttlMs;
      expect(untilMs).toBeGreaterThan(clock.now());
    }
  });

  it("that was viewed has sent its report, and sends later news", async () => {
    reporter.notice();
    await clock.advance(1_000);
    reporter.notice();
    expect(await reporter.everybody()).toEqual(["0"]);
    await clock.advance(60_000);
    expect(sent.map(({ atMs, asks }) => [atMs, asks])).toEqual([
      [0, "nobody"],
      [1_000, "everybody"],
      [11_000, "nobody"],
    ]);
    await reporter.everybody();
    reporter.notice();
    await clock.advance(60_000);
    expect(sent.slice(3).map(({ atMs, asks }) => [atMs, asks])).toEqual([
      [61_000, "everybody"],
      [71_000, "nobody"],
      [81_000, "nobody"],
    ]);
  });

  it("reads everybody's reports once in ten seconds, however many viewers there are", async () => {
    await Promise.all(Array.from({ length: 50 }, () => reporter.everybody()));
    await clock.advance(9_999);
    await reporter.everybody();
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    await reporter.everybody();
    expect(sent).toHaveLength(2);
  });

  it("shows itself while Redis is down, and does not ask more often", async () => {
    isDown = true;
    version = 7;
    expect(await reporter.everybody()).toEqual(["7"]);
    reporter.notice();
    await clock.advance(9_000);
    expect(sent).toHaveLength(1);
    await clock.advance(1_000);
    expect(sent).toHaveLength(2);
  });

  it("that closes removes its report, and sends no more", async () => {
    reporter.notice();
    await clock.advance(0);
    reporter.notice();
    await reporter.close();
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
    expect(removed).toEqual(["this"]);
    expect(clock.waiting).toBe(0);
  });

  it("that closes without a report sends nothing", async () => {
    await reporter.close();
    expect(removed).toEqual([]);
  });

  it("that closes while Redis is down ends nevertheless", async () => {
    reporter.notice();
    await clock.advance(0);
    isDown = true;
    await expect(reporter.close()).resolves.toBeUndefined();
  });
});
