/** The write guard, over TCP to real servers. */
import { afterEach, describe } from "vitest";
import { RedisWriteGuard } from "@/lib/adapters/redis/write-guard";
import { DrivenClock } from "../../support/control/driven-clock";
import { TCP_SET_UPS, tcpFixture } from "../../support/servers/tcp-fixture";
import { newNetwork } from "../../support/stand-ins/upstash-fixture";
import { withClock } from "../../support/stand-ins/upstash-time";
import { writeGuardContract } from "./write-guard.contract";

describe.each(TCP_SET_UPS)("over TCP to %s", (setUp) => {
  const fixture = tcpFixture(setUp);
  afterEach(() => fixture.closeAll());

  writeGuardContract(async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await fixture.age(network, ms);
    };
    return { guard: new RedisWriteGuard(withClock(fixture.client(), clock), fixture.keys(network)), pass };
  });
});
