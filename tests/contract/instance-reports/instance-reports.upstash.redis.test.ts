/** Instance reports in a real Redis behind Upstash's protocol. */
import { describe, expect, it } from "vitest";
import type { Commands } from "@/lib/adapters/redis/client/client";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { RedisInstanceReports } from "@/lib/adapters/redis/instance-reports";
import { DrivenClock } from "../../support/control/driven-clock";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { age, withClock } from "../../support/stand-ins/upstash-time";
import { instanceReportsContract, TTL_MS } from "./instance-reports.contract";

const fixture = upstashFixture();
const own = (instanceId: string, report: string) => ({ instanceId, report, ttlMs: TTL_MS });

const reportsOf = (network: string, commands: Commands = fixture.client()) =>
  new RedisInstanceReports({ commands, keys: new Keys(network) });

describe("in the contract", () => {
  instanceReportsContract(async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await age(fixture.redis, network, ms);
    };
    return { reports: reportsOf(network, withClock(fixture.client(), clock)), pass };
  });
});

describe("reports", () => {
  it("cost one command each, with and without everybody's reports", async () => {
    const reports = reportsOf(newNetwork());
    fixture.upstash.counters.reset();
    await reports.report(own("a", "1"), "nobody");
    expect(fixture.upstash.counters.read().total).toBe(1);
    await reports.report(own("a", "2"), "everybody");
    expect(fixture.upstash.counters.read()).toMatchObject({ total: 2, requests: 2 });
    await reports.remove("a");
    expect(fixture.upstash.counters.read().total).toBe(3);
  });

  it("are separate for each network", async () => {
    await reportsOf(newNetwork()).report(own("elsewhere", "1"), "nobody");
    expect(await reportsOf(newNetwork()).report(own("here", "2"), "everybody")).toEqual(["2"]);
  });

  it("are removed when they expire, and the key expires in the end", async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const reports = reportsOf(network, withClock(fixture.client(), clock));
    await reports.report(own("gone", "1"), "nobody");
    await clock.advance(TTL_MS);
    await reports.report(own("here", "2"), "everybody");
    const key = new Keys(network).reports;
    expect(await fixture.redis.send([["HKEYS", key]])).toMatchObject([[Buffer.from("here")]]);
    const [left] = await fixture.redis.send([["PTTL", key]]);
    expect(left).toBeGreaterThan(0);
  });
});
