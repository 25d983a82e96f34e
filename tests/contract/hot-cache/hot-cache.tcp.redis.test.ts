/** The hot cache that instances share, over TCP to real servers. */
import { afterEach, describe, expect, it } from "vitest";
import { RedisHotCache } from "@/lib/adapters/redis/hot-cache";
import { DrivenClock } from "../../support/control/driven-clock";
import { TCP_SET_UPS, tcpFixture } from "../../support/servers/tcp-fixture";
import { newNetwork } from "../../support/stand-ins/upstash-fixture";
import { withClock } from "../../support/stand-ins/upstash-time";
import { hotCacheContract } from "./hot-cache.contract";

describe.each(TCP_SET_UPS)("over TCP to %s", (setUp) => {
  const fixture = tcpFixture(setUp);
  afterEach(() => fixture.closeAll());

  hotCacheContract(async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await fixture.age(network, ms);
    };
    const hot = new RedisHotCache({ commands: withClock(fixture.client(), clock), keys: fixture.keys(network) });
    return { hot, pass, nowMs: () => clock.now() };
  });

  it("shares one budget among several instances, on Redis' own clock", async () => {
    const network = newNetwork();
    const hots = [0, 1, 2].map(() => fixture.tier(network).hot);
    // A token in 100 s: however slow this machine is, none comes back meanwhile.
    const policy = { perSecond: 0.01, burst: 4, maxWaitMs: 0 };
    const waits = await Promise.all(
      Array.from({ length: 9 }, (_, i) => (hots[i % 3] as RedisHotCache).reserve("m", policy)),
    );
    expect(waits.filter((ms) => ms === 0)).toHaveLength(4);
    expect(waits.filter((ms) => ms === null)).toHaveLength(5);
  });
});
