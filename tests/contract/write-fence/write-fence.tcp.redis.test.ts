/** The write fence, over TCP to real servers. */
import { afterEach, describe } from "vitest";
import { RedisWriteFence } from "@/lib/adapters/redis/write-fence";
import { DrivenClock } from "../../support/control/driven-clock";
import { TCP_SET_UPS, tcpFixture } from "../../support/servers/tcp-fixture";
import { newNetwork } from "../../support/stand-ins/upstash-fixture";
import { withClock } from "../../support/stand-ins/upstash-time";
import { writeFenceContract } from "./write-fence.contract";

describe.each(TCP_SET_UPS)("over TCP to %s", (setUp) => {
  const fixture = tcpFixture(setUp);
  afterEach(() => fixture.closeAll());

  writeFenceContract(async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await fixture.age(network, ms);
    };
    return { fence: new RedisWriteFence(withClock(fixture.client(), clock), fixture.keys(network)), pass };
  });
});
