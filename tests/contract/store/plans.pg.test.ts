/** Statements whose plans the connections keep. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import type { PostgresStore } from "@/lib/adapters/postgres/store";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { addTopics } from "@/tests/support/stores/add-topics";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { openStore } from "@/tests/support/stores/store-opening";
import { batchOf, topic, user } from "@/tests/support/worlds/histories/batches";

const TOPIC = topic("0.0.11");
const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`);
const PAGE = { types: [], beforeNs: null, limit: 50, maxRows: 10_000 };

let server: PostgresServer;
let db: Database;
let store: PostgresStore;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

/** A store with one connection. */
async function opened(options = ""): Promise<void> {
  db = openPg(`${await server.createDatabase()}${options}`, { maxConnections: 1 });
  store = await openStore(db, "devnet");
  await addTopics(store.registry, [{ topicId: TOPIC, kinds: ["contact"] }]);
}

const accept = (from: number, i: number) =>
  batchOf(TOPIC, from, [
    { type: "CONTACT_ACCEPT", actor: USERS[i] ?? "", target: USERS[(i + 1) % USERS.length] ?? "" },
  ]);

/** Commits once for each user, and reads each user's views. */
async function used(): Promise<void> {
  for (let i = 0; i < USERS.length; i += 1) await store.sync.commit(accept(i, i));
  for (const id of USERS) {
    expect((await store.views.contacts(user(id))).edges).toHaveLength(2);
    expect((await store.views.signals(user(id), PAGE)).rows).toHaveLength(2);
  }
}

/** The connection's statements about a table: how often each was planned for its values, and how often it ran with a kept plan. */
const keptAbout = (table: string) =>
  rawQuery(
    db,
    `SELECT custom_plans::integer AS planned, generic_plans::integer AS kept FROM pg_prepared_statements
    WHERE from_sql = false AND statement ^@ $2 AND statement LIKE '%' || $1 || '%' ORDER BY 2`,
    [table, "WITH"],
  );

describe("a connection", () => {
  beforeEach(() => opened());

  it("plans a view's statement and a commit's once, for whatever users", async () => {
    await used();
    expect(await keptAbout('"contact_edges" "e" WHERE')).toEqual([{ planned: 0, kept: USERS.length }]);
    expect(await keptAbout('"hcs_messages" "r" WHERE')).toEqual([{ planned: 0, kept: USERS.length }]);
    // The first commit of a topic has a text of its own, and so has one of an instance that knows no stamp yet.
    expect((await keptAbout("gate AS (")).at(-1)).toEqual({ planned: 0, kept: USERS.length - 1 });
    await store.close();
  });

  it("that lost its statements, as those behind a pooler do, goes on without names", async () => {
    await store.views.contacts(user("user-0"));
    for (let i = 0; i < 3; i += 1) await store.sync.commit(accept(i, i));
    await rawQuery(db, "DEALLOCATE ALL");
    expect(await store.sync.commit(accept(3, 3))).toMatchObject({ kind: "committed" });
    expect(await store.sync.topic(TOPIC)).toMatchObject({ cursor: 4, counts: { messages: 4 } });
    expect((await store.views.contacts(user("user-1"))).edges).toHaveLength(2);
    expect(await rawQuery(db, "SELECT name FROM pg_prepared_statements WHERE from_sql = false")).toEqual([]);
    await store.close();
  });
});

it("a connection has the options of its URL, too, and those count", async () => {
  const settings = async () => {
    const rows = await rawQuery(
      db,
      "SELECT setting FROM pg_settings WHERE name IN ('plan_cache_mode', 'work_mem') ORDER BY name",
    );
    return rows.map(({ setting }) => setting);
  };
  await opened("?options=-c%20work_mem%3D5MB");
  expect(await settings()).toEqual(["force_generic_plan", "5120"]);
  await store.close();
  await opened("?options=-c%20plan_cache_mode%3Dauto");
  expect(await settings()).toEqual(["auto", "4096"]);
  await store.close();
});
