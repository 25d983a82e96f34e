/** Instance reports, over TCP to real servers. */
import { afterEach, describe } from "vitest";
import { RedisInstanceReports } from "@/lib/adapters/redis/instance-reports";
import { DrivenClock } from "../../support/control/driven-clock";
import { TCP_SET_UPS, tcpFixture } from "../../support/servers/tcp-fixture";
import { newNetwork } from "../../support/stand-ins/upstash-fixture";
import { withClock } from "../../support/stand-ins/upstash-time";
import { instanceReportsContract } from "./instance-reports.contract";

describe.each(TCP_SET_UPS)("over TCP to %s", (setUp) => {
  const fixture = tcpFixture(setUp);
  afterEach(() => fixture.closeAll());

  instanceReportsContract(async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await fixture.age(network, ms);
    };
    const reports = new RedisInstanceReports({
      commands: withClock(fixture.client(), clock),
      keys: fixture.keys(network),
    });
    return { reports, pass };
  });
});
