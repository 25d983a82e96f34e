/** A tier comes back with less than it had: what its users see. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";
import { RespConnection } from "../../support/servers/resp";
import { databaseSnapshot } from "../../support/stores/database-snapshot";
import { snapshotOf } from "../../support/stores/redis-snapshot";
import { OutageWorld, type World } from "../../support/worlds/outages/outage-world";

const world = new OutageWorld();
beforeAll(() => world.open());
afterAll(() => world.close());

const codes = (w: World) => [w.a, w.b].flatMap(({ app }) => app.incidents.current().map(({ code }) => code));

/** Every answer that is called fresh has all that was committed. */
async function neverOutdated(w: World): Promise<void> {
  for (const instance of [w.a, w.b]) {
    const { actors, isStale } = await instance.signals();
    if (isStale === false) expect(actors).toEqual(w.people);
  }
}

describe("Redis that came back as it was before a commit", () => {
  it("is noticed by the next read, its views are dropped, and streams go on", () =>
    world.run(async (w) => {
      const redis = await RespConnection.open(w.stored.redisPort);
      const reader = await w.open(w.b);
      await w.settled();
      const restore = await snapshotOf(redis, w.stored.network);
      await w.settled(2);
      await restore();
      for (let i = 0; i < 20; i += 1) {
        w.leap(500);
        await neverOutdated(w);
      }
      await w.recovers();
      await w.streamsAll(reader);
      expect(codes(w)).toContain("redis-went-back");
      redis.close();
    }));
});

describe("Postgres that failed over to a copy without the last commits", () => {
  it("is noticed by the next answer, filled again from the ledger, and streams are told to read again", () =>
    world.run(async (w) => {
      const db = openPg(w.stored.databaseUrl, { maxConnections: 1 });
      const reader = await w.open(w.b);
      await w.settled();
      const restore = await databaseSnapshot(db);
      await w.settled(3);
      await w.eventually(() => reader.of("signal").length).toBe(4);
      await restore();
      for (let i = 0; i < 20; i += 1) {
        w.leap(500);
        await neverOutdated(w);
      }
      w.write();
      const positions = w.people.map((_, i) => POSITIONS_PER_EPOCH + i + 1);
      for (const instance of [w.a, w.b]) {
        await w
          .eventually(async () => {
            const { actors, positions } = await instance.signals();
            return { actors, positions };
          })
          .toEqual({ actors: w.people, positions });
        // Time that leaps makes everything look old.
        await w.eventually(async () => (await instance.signals()).isStale, false).toBe(false);
      }
      await w.eventually(() => reader.of("resync").length).toBeGreaterThan(0);
      expect(codes(w)).toContain("database-went-back");
      await db.close();
    }));
});
