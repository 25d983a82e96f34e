/** A tier comes back with less than it had: what its users see. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import type { IncidentCode } from "@/lib/core/health/incident";
import { POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";
import { RespConnection } from "../../support/servers/redis/resp";
import { databaseSnapshot } from "../../support/stores/database-snapshot";
import { snapshotOf } from "../../support/stores/redis-snapshot";
import { OutageWorld, type World } from "../../support/worlds/outages/outage-world";
import { expectToldEverywhere } from "../../support/worlds/told-codes";

const world = new OutageWorld();
beforeAll(() => world.open());
afterAll(() => world.close());

/** The instances that noticed tell of it everywhere, and the log of each has one line of it. */
async function isToldOnce(w: World, code: IncidentCode): Promise<void> {
  const noticed = [w.a, w.b].filter(({ app }) => app.incidents.current().some((each) => each.code === code));
  expect(noticed.length).toBeGreaterThan(0);
  for (const instance of noticed) {
    await expectToldEverywhere(instance.app, (path, headers = {}) => instance.ask("GET", path, { headers }), code);
    const summary = instance.app.incidents.current().find((each) => each.code === code)?.summary;
    const lines = instance.logged.filter((line) => /^(warn|error): /.test(line) && !line.includes("append-only"));
    expect(lines).toEqual([expect.stringContaining(String(summary))]);
  }
}

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
      // These were ten seconds.
      await isToldOnce(w, "redis-went-back");
      await w.recovers();
      await w.streamsAll(reader);
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
      // Twelve seconds of a usual day.
      for (let i = 0; i < 6; i += 1) {
        w.leap(2_000);
        await w.a.sync();
        await neverOutdated(w);
      }
      await isToldOnce(w, "database-went-back");
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
      await db.close();
    }));
});
