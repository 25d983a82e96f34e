/** A PostgreSQL that is frozen: connections stand and are taken, nothing is answered. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { OutageWorld } from "../../support/worlds/outages/outage-world";

const world = new OutageWorld();
beforeAll(() => world.open());
afterAll(() => world.close());

it("delays nobody for long, and is used again when it answers", async () => {
  await world.run(async (w) => {
    await w.settled();
    const before = w.people;
    w.write();
    expect((await w.a.sync()).status).toBe(200);
    w.server.pause();
    try {
      w.leap(2_000);
      const read = await w.b.signals();
      expect(read).toMatchObject({ status: 200, actors: before, isStale: true });
      expect(read.cacheStatus).toMatch(/fwd=stale; detail=postgres-timeout/);
      const cold = await Promise.all(Array.from({ length: 6 }, (_, i) => w.b.signals(`tm-nobody-${i}`)));
      for (const nobody of cold) expect(nobody).toMatchObject({ status: 503, code: "unavailable", retryAfter: "1" });
      await w.eventually(() => w.b.app.stores.stats().circuit, false).toBe("open");
      const refused = () => w.b.app.stores.stats().byPurpose.signals.refused;
      const earlier = refused();
      for (const userId of ["tm-nobody-8", "tm-nobody-9"]) expect((await w.b.signals(userId)).status).toBe(503);
      // One of the two may be the breaker's probe, if its time has come.
      expect(refused()).toBeGreaterThan(earlier);
    } finally {
      w.server.resume();
    }
    await w.recovers();
  });
});
