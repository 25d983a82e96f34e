/** Instance reports over a real Redis behind Upstash's protocol. */
import { describe, expect, it } from "vitest";
import type { Commands } from "@/lib/adapters/upstash/client/client";
import { Keys } from "@/lib/adapters/upstash/client/keys";
import { UpstashInstanceReports } from "@/lib/adapters/upstash/instance-reports";
import { DrivenClock } from "../../support/control/driven-clock";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { age, withClock } from "../../support/stand-ins/upstash-time";
import { instanceReportsContract } from "./instance-reports.contract";

const fixture = upstashFixture();
const TTL_MS = 60_000;

const reportsOf = (network: string, commands: Commands = fixture.client()) =>
  new UpstashInstanceReports({ commands, keys: new Keys(network), ttlMs: TTL_MS });

describe("in the contract", () => {
  instanceReportsContract(async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await age(fixture.redis, network, ms);
    };
    return { reports: reportsOf(network, withClock(fixture.client(), clock)), ttlMs: TTL_MS, pass };
  });
});

describe("reports", () => {
  it("cost one command, whether or not everybody's are asked for", async () => {
    const reports = reportsOf(newNetwork());
    fixture.upstash.counters.reset();
    await reports.report("a", "1", "nobody");
    expect(fixture.upstash.counters.read().total).toBe(1);
    await reports.report("a", "2", "everybody");
    expect(fixture.upstash.counters.read()).toMatchObject({ total: 2, requests: 2 });
  });

  it("are of one network", async () => {
    await reportsOf(newNetwork()).report("elsewhere", "1", "nobody");
    expect(await reportsOf(newNetwork()).report("here", "2", "everybody")).toEqual(["2"]);
  });

  it("take out what is over, and leave Redis altogether in the end", async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const reports = reportsOf(network, withClock(fixture.client(), clock));
    await reports.report("gone", "1", "nobody");
    await clock.advance(TTL_MS);
    await reports.report("here", "2", "everybody");
    const key = new Keys(network).reports;
    expect(await fixture.redis.send([["HKEYS", key]])).toMatchObject([[Buffer.from("here")]]);
    const [left] = await fixture.redis.send([["PTTL", key]]);
    expect(left).toBeGreaterThan(0);
  });
});
