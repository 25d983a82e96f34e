/** The shared views, over TCP to real servers. */
import { afterEach, describe, expect, it } from "vitest";
import { RedisViewCache } from "@/lib/adapters/redis/view-cache";
import type { UserId } from "@/lib/core/ledger/ids";
import { DrivenClock } from "../../support/control/driven-clock";
import { TCP_SET_UPS, tcpFixture } from "../../support/servers/tcp-fixture";
import { newNetwork } from "../../support/stand-ins/upstash-fixture";
import { withClock } from "../../support/stand-ins/upstash-time";
import { VIEW_TTL_MS, viewCacheContract } from "./view-cache.contract";

describe.each(TCP_SET_UPS)("over TCP to %s", (setUp) => {
  const fixture = tcpFixture(setUp);
  afterEach(() => fixture.closeAll());

  viewCacheContract(async (strategies) => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await fixture.age(network, ms);
    };
    const cache = new RedisViewCache({
      commands: withClock(fixture.client(), clock),
      keys: fixture.keys(network),
      instanceId: "a",
      ttlMs: VIEW_TTL_MS,
      strategies,
    });
    return { cache, pass };
  });

  it("brings a view back byte for byte, even if it is large or looks like a number", async () => {
    const { views } = fixture.tier(newNetwork());
    const bodies = ["42", "null", "OK", "", `{"text":"${"ä€😀\\n ".repeat(20_000)}"}`, "a\nb\n\nc"];
    for (const [index, body] of bodies.entries()) {
      const userId = `tm-${index}` as UserId;
      const found = await views.lookup(userId, "contacts", 60_000);
      if (found.kind !== "lease") throw new Error(`expected a lease, got ${found.kind}`);
      const view = { body, etag: '"1-a"', position: 1, readMs: 1 };
      expect(await views.fill(userId, "contacts", view, found.lease)).toBe(true);
      expect(await views.lookup(userId, "contacts", 1_000)).toMatchObject({ kind: "hit", view });
    }
  });
});
