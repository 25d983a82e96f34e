import { beforeEach, describe, expect, it } from "vitest";
import { MemoryInstanceReports } from "@/lib/adapters/memory/memory-instance-reports";
import { InstanceReporter } from "@/lib/engine/health/instance-reporter";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";

let clock: DrivenClock;
let sent: { readonly atMs: number; readonly report: string; readonly asks: string }[];
let isDown: boolean;
let version: number;
let reporter: InstanceReporter;

beforeEach(() => {
  clock = new DrivenClock(0);
  [sent, isDown, version] = [[], false, 0];
  const kept = new MemoryInstanceReports(clock, 60_000);
  reporter = new InstanceReporter({
    instanceId: "this",
    reports: {
      report: async (id, report, asks) => {
        sent.push({ atMs: clock.now(), report, asks });
        if (isDown) throw new TierUnavailable("redis", "down");
        return kept.report(id, report, asks);
      },
    },
    compose: async () => String(version),
    clock,
    log: quietLog,
  });
});

describe("an instance", () => {
  it("that is idle sends nothing, and waits for nothing", async () => {
    await clock.advance(3_600_000);
    reporter.notice();
    await clock.advance(0);
    expect(sent).toHaveLength(1);
    await clock.advance(3_600_000);
    expect(sent).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  it("that is busy reports once in ten seconds, the last of it too", async () => {
    for (let i = 0; i < 100; i += 1) {
      version = i;
      reporter.notice();
      await clock.advance(250);
    }
    await clock.advance(60_000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 10_000, 20_000, 30_000]);
    expect(sent.at(-1)).toMatchObject({ report: "99", asks: "nobody" });
  });

  it("that was looked at has told what it had to tell, and tells what came after", async () => {
    reporter.notice();
    await clock.advance(1_000);
    reporter.notice();
    expect(await reporter.everybody()).toEqual(["0"]);
    await clock.advance(60_000);
    expect(sent.map(({ atMs, asks }) => [atMs, asks])).toEqual([
      [0, "nobody"],
      [1_000, "everybody"],
    ]);
    await reporter.everybody();
    reporter.notice();
    await clock.advance(60_000);
    expect(sent.slice(2).map(({ atMs, asks }) => [atMs, asks])).toEqual([
      [61_000, "everybody"],
      [71_000, "nobody"],
    ]);
  });

  it("asks for everybody once in ten seconds, however many look", async () => {
    await Promise.all(Array.from({ length: 50 }, () => reporter.everybody()));
    await clock.advance(9_999);
    await reporter.everybody();
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    await reporter.everybody();
    expect(sent).toHaveLength(2);
  });

  it("shows itself while the shared tier is down, and does not ask it more often", async () => {
    isDown = true;
    version = 7;
    expect(await reporter.everybody()).toEqual(["7"]);
    reporter.notice();
    await clock.advance(9_000);
    expect(sent).toHaveLength(1);
    await clock.advance(1_000);
    expect(sent).toHaveLength(2);
  });

  it("that closes says nothing more", async () => {
    reporter.notice();
    await clock.advance(0);
    reporter.notice();
    reporter.close();
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });
});
