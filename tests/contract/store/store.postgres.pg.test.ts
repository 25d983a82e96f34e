import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MIGRATIONS } from "@/drizzle/migrations/embedded";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import type { NextBatch } from "@/lib/core/signals/batch";
import { freePort } from "@/tests/support/servers/free-port";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { openStore } from "@/tests/support/stores/store-opening";
import { batchOf, type PlainSignal, seq, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../support/stores/add-topics";
import { storeContract } from "./store.contract";

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

storeContract("PostgreSQL", async () => openPg(await server.createDatabase()));

describe("PostgreSQL", () => {
  const TOPICS = ["0.0.11", "0.0.12", "0.0.13", "0.0.14"].map(topic);
  const USERS = Array.from({ length: 50 }, (_, i) => `user-${i}`);
  const PAGES = 10;
  const PAGE = 40;

  /** Users go up in some topics and down in others: what would deadlock if rows were locked as they come. */
  const page = (t: number, number: number): NextBatch => {
    const signals = Array.from({ length: PAGE }, (_, i): PlainSignal => {
      const at = t % 2 === 0 ? i : PAGE - i;
      const others = { actor: USERS[at % 50] ?? "", target: USERS[(at + 7 * (number + 1)) % 50] ?? "" };
      const type = i % 3 === 0 ? "TRUST_ALLOCATE" : "CONTACT_ACCEPT";
      return i === 5
        ? { type: "RECOGNITION_DEFINITION", actor: others.actor, definitionId: `d${at % 3}` }
        : { type, ...others };
    });
    return batchOf(TOPICS[t] ?? topic("0.0.1"), number * PAGE, signals);
  };

  it("gives gap-free positions while eight committers race for four topics, without a deadlock or a repeat", async () => {
    const url = await server.createDatabase();
    const committers = await Promise.all(
      Array.from({ length: 8 }, async () => openStore(openPg(url, { maxConnections: 1 }), "devnet")),
    );
    const topics = TOPICS.map((topicId) => ({ topicId, kinds: ["contact"] as const }));
    const first = committers[0] as (typeof committers)[number];
    await addTopics(first.registry, topics);
    const outcomes = await Promise.all(
      committers.map(async ({ sync }, i) => {
        let won = 0;
        for (let number = 0; number < PAGES; number++) {
          for (let k = 0; k < TOPICS.length; k++) {
            const t = i % 2 === 0 ? k : TOPICS.length - 1 - k;
            // A late writer meets a conflict. An early one asks again until the others have committed.
            for (;;) {
              const outcome = await sync.commit(page(t, number));
              if (outcome.kind === "committed") won += 1;
              const state = await sync.topic(TOPICS[t] ?? topic("0.0.1"));
              if ((state?.cursor ?? 0) > number * PAGE) break;
            }
          }
        }
        return won;
      }),
    );
    expect(outcomes.reduce((sum, won) => sum + won, 0)).toBe(PAGES * TOPICS.length);
    const expected = new Map<string, number>();
    for (let t = 0; t < TOPICS.length; t++) {
      for (let number = 0; number < PAGES; number++) {
        for (const { userId } of page(t, number).rows) expected.set(userId, (expected.get(userId) ?? 0) + 1);
      }
    }
    for (const [id, count] of expected) {
      const { position, rows } = await first.views.signalsAfter(user(id), 0, 10_000);
      expect(position).toBe(count);
      expect(rows.map((row) => row.position)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
      expect(new Set(rows.map((row) => row.consensusNs)).size).toBe(count);
    }
    await Promise.all(committers.map((store) => store.close()));
  });

  it("lets one of eight backfills take effect", async () => {
    const url = await server.createDatabase();
    const stores = await Promise.all(
      Array.from({ length: 8 }, () => openStore(openPg(url, { maxConnections: 1 }), "devnet")),
    );
    const T = topic("0.0.21");
    const signal: PlainSignal = { type: "CONTACT_ACCEPT", actor: "a", target: "b" };
    const failed: PlainSignal = { ...signal, entry: { verification: "failed", disposition: "failed" } };
    await addTopics((stores[0] as (typeof stores)[number]).registry, [{ topicId: T, kinds: ["contact"] }]);
    await stores[0]?.sync.commit(batchOf(T, 0, [failed, signal], { first: 9, gap: { from: seq(1), to: seq(8) } }));
    // Four times inside the gap, then the failed one: whether they really meet is luck each time.
    for (const first of [2, 4, 6, 8, 9]) {
      const batch = batchOf(T, 0, [signal], { first });
      const outcomes = await Promise.all(stores.map(({ sync }) => sync.backfill(batch)));
      expect(outcomes.filter(({ kind }) => kind === "committed")).toHaveLength(1);
    }
    expect(await stores[0]?.sync.topic(T)).toMatchObject({ counts: { messages: 6, verified: 6, failed: 0 } });
    expect((await stores[0]?.sync.gaps(T))?.map(({ from, to, state }) => [from, to, state])).toEqual([
      [1, 1, "declared"],
      [2, 2, "filled"],
      [3, 3, "declared"],
      [4, 4, "filled"],
      [5, 5, "declared"],
      [6, 6, "filled"],
      [7, 7, "declared"],
      [8, 8, "filled"],
    ]);
    const { position, rows } = (await stores[0]?.views.signalsAfter(user("a"), 0, 9)) ?? { position: -1, rows: [] };
    expect([position, rows.map((row) => row.position)]).toEqual([6, [1, 2, 3, 4, 5, 6]]);
    await Promise.all(stores.map((store) => store.close()));
  });

  it("migrates once, however many instances start together", async () => {
    const url = await server.createDatabase();
    const stores = await Promise.all(
      Array.from({ length: 6 }, () => openStore(openPg(url, { maxConnections: 1 }), "devnet")),
    );
    const db = openPg(url);
    expect(await rawQuery(db, "SELECT count(*)::integer AS n FROM schema_migrations")).toEqual([
      { n: MIGRATIONS.length },
    ]);
    await Promise.all([...stores, db].map((store) => store.close()));
  });

  it("says unavailable when nobody answers, when the server stops a session, and when a query takes too long", async () => {
    const absent = openPg(`postgres://postgres:local@127.0.0.1:${await freePort()}/none`);
    await expect(rawQuery(absent, "SELECT 1")).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    await absent.close();

    const url = await server.createDatabase();
    const db = openPg(url, { maxConnections: 1, queryTimeoutMs: 50 });
    await expect(rawQuery(db, "SELECT pg_terminate_backend(pg_backend_pid())")).rejects.toMatchObject({
      name: "TierUnavailable",
      tier: "postgres",
    });
    await expect(rawQuery(db, "SELECT pg_sleep(5)")).rejects.toMatchObject({
      name: "TierUnavailable",
      tier: "postgres",
    });
    await db.close();
    await expect(rawQuery(db, "SELECT 1")).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
  });

  it("reads a user's page from that user's partition alone, by its index", async () => {
    const db = openPg(await server.createDatabase());
    const { sync, registry } = await openStore(db, "devnet");
    await addTopics(registry, [{ topicId: TOPICS[0] ?? topic("0.0.1"), kinds: ["contact"] }]);
    await sync.commit(page(0, 0));
    const plan = await rawQuery(
      db,
      `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM hcs_messages r
       WHERE r.user_no = (SELECT user_no FROM user_heads WHERE user_id = 'user-1') ORDER BY r.consensus_ns DESC LIMIT 50`,
    );
    const lines = plan.map((row) => String(row["QUERY PLAN"]));
    const read = lines.filter((line) => /on hcs_messages_\d+ /.test(line) && !line.includes("never executed"));
    expect(read).toEqual([expect.stringContaining("Scan")]);
    expect(lines.some((line) => line.includes("Seq Scan on hcs_messages"))).toBe(false);
    await db.close();
  });
});
