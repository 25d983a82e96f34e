/** Statements whose plans the connections keep. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import type { PgOptions } from "@/lib/adapters/postgres/drivers/pool";
import type { PostgresStore } from "@/lib/adapters/postgres/store";
import { consensusNs, MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import type { Sequence, UserId } from "@/lib/core/ledger/ids";
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

/** A store with one connection, unless more are asked for. */
async function opened(options = "", more: PgOptions = {}): Promise<void> {
  db = openPg(`${await server.createDatabase()}${options}`, { maxConnections: 1, ...more });
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

/** How often rows of user_heads were looked up by the id of a user. */
async function lookUpsOfUsers(): Promise<number> {
  await rawQuery(db, "SELECT pg_stat_force_next_flush()");
  const [row] = await rawQuery(db, "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'user_heads_pkey'");
  return Number(row?.idx_scan);
}

/** Settings of a connection, by their names. */
const settings = async (...names: readonly string[]) => {
  const rows = await rawQuery(db, "SELECT setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name", [names]);
  return rows.map(({ setting }) => setting);
};

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

  it("opens the partition of a user whose number is known, and no other", async () => {
    await used();
    const [kept] = await rawQuery(
      db,
      `SELECT name FROM pg_prepared_statements WHERE statement LIKE '%"contact_edges" "e"%'`,
    );
    const plan = await rawQuery(db, `EXPLAIN EXECUTE "${kept?.name}" ('user-0', 1, 10)`);
    expect(plan.map((row) => row["QUERY PLAN"]).join("\n")).toContain("Subplans Removed: 15");
    await store.close();
  });

  it("keeps no plan for a user whose number it has still to learn", async () => {
    await used();
    // An instance that has just started: it reads by the same connection, and knows no number.
    const { views } = await openStore(db, "devnet");
    const contactsKept = () => keptAbout('"contact_edges" "e" WHERE');
    const before = await contactsKept();
    await views.contacts(user("user-0"));
    expect(await contactsKept()).toEqual(before);
    await views.contacts(user("user-0"));
    expect(await contactsKept()).toEqual([{ planned: 0, kept: USERS.length + 1 }]);
    await store.close();
  });

  it("reads the user's row once for a statement, however many of its columns the statement needs", async () => {
    await used();
    const views = store.views;
    const id = user("user-0");
    const read = [
      () => views.contacts(id),
      () => views.signals(id, PAGE),
      () => views.signalsAfter(id, 0, 10),
      () => views.recognition(id, null, 10),
      () => views.events(id, "contact", consensusNs(0n), 10),
      () => views.written(id, consensusNs(0n), 10),
      () => views.proof(id, TOPIC, 1 as Sequence),
      () => views.peers(id, []),
      () => views.head(id),
    ];
    for (const each of read) {
      const before = await lookUpsOfUsers();
      await each();
      expect((await lookUpsOfUsers()) - before).toBe(1);
    }
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
    // A statement without a name would be planned for all values each time.
    expect(await settings("lock_timeout", "plan_cache_mode", "statement_timeout")).toEqual(["4000", "auto", "15000"]);
    await store.close();
  });

  it("runs a statement whose answer has another type since a migration, and keeps plans as before", async () => {
    expect(await store.registry.version()).toBe(1);
    await rawQuery(db, "ALTER TABLE meta ALTER registry_version TYPE bigint");
    for (let i = 0; i < 3; i += 1) expect(Number(await store.registry.version())).toBe(1);
    expect(await settings("plan_cache_mode")).toEqual(["force_generic_plan"]);
    await used();
    expect(await keptAbout('"contact_edges" "e" WHERE')).toEqual([{ planned: 0, kept: USERS.length }]);
    await store.close();
  });

  it("keeps no plans of statements that operators and repairs send now and then", async () => {
    const before = await rawQuery(db, "SELECT name FROM pg_prepared_statements ORDER BY name");
    await store.admin.topics(10, 10);
    await store.admin.rejected(10, 10);
    await store.sync.log(TOPIC, 1, 10);
    await store.sync.parts(TOPIC, ["chunks"]);
    await store.sync.failed(TOPIC, 10);
    await store.sync.unsettled(TOPIC, 10);
    await store.sync.gaps(TOPIC);
    const all = { sequences: { from: 1, to: 10 }, times: { from: 0n, to: MAX_CONSENSUS_NS } };
    for (const order of ["asc", "desc"] as const)
      await store.ledgerLog.page({ topicId: TOPIC, ...all, order, limit: 10 });
    await store.ledgerLog.at(consensusNs(1n));
    expect(await rawQuery(db, "SELECT name FROM pg_prepared_statements ORDER BY name")).toEqual(before);
    await store.close();
  });

  it("plans a start over for its own ranges, and goes on with kept plans", async () => {
    await used();
    await rawQuery(db, "CREATE TABLE seen (mode text)");
    await rawQuery(
      db,
      `CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO seen SELECT current_setting('plan_cache_mode'); RETURN NULL; END $$`,
    );
    await rawQuery(db, "CREATE TRIGGER see AFTER DELETE ON hcs_messages EXECUTE FUNCTION see()");
    await store.sync.startOver(TOPIC);
    await store.sync.dropSome(TOPIC, 1_000);
    expect(await rawQuery(db, "SELECT mode FROM seen")).toEqual([{ mode: "auto" }]);
    expect(await settings("plan_cache_mode")).toEqual(["force_generic_plan"]);
    await store.close();
  });
});

it("no statement that waits for a connection is lost when others lose their statements", async () => {
  await opened("", { connectTimeoutMs: 1_000 });
  await store.views.contacts(user("user-0"));
  await rawQuery(db, "DEALLOCATE ALL");
  const reads = Array.from({ length: 20 }, () => store.views.contacts(user("user-0")));
  expect((await Promise.all(reads)).map(({ edges }) => edges)).toEqual(reads.map(() => []));
  await store.close();
});

/** Everything of a user's views whose statements are given the number that an earlier answer had. */
const viewsOf = async (id: UserId, { views }: PostgresStore = store) => ({
  contacts: await views.contacts(id),
  peers: await views.peers(id, USERS.map(user)),
  signals: await views.signals(id, PAGE),
  missed: await views.signalsAfter(id, 0, 10),
  recognition: await views.recognition(id, null, 10),
});

describe.each([
  ["kept", ""],
  ["planned again for each read", "?options=-c%20plan_cache_mode%3Dforce_custom_plan"],
])("with plans that are %s, a user's views", (_, options) => {
  it("are the user's own, though the known number has become another user's or nobody's", async () => {
    await opened(options);
    await used();
    const [a, b] = [user("user-0"), user("user-5")];
    const name = (from: string, to: string) =>
      rawQuery(db, "UPDATE user_heads SET user_id = $2 WHERE user_id = $1", [from, to]);
    const before = await viewsOf(b);
    expect(before.signals.rows).toHaveLength(2);
    expect(before.missed.rows).toHaveLength(2);
    await viewsOf(a);
    await name(a, "nobody");
    await name(b, a);
    const fresh = await openStore(db, "devnet");
    for (const id of [a, b]) expect(await viewsOf(id)).toEqual(await viewsOf(id, fresh));
    expect((await viewsOf(a)).signals).toEqual(before.signals);
    expect(await viewsOf(b)).toMatchObject({
      contacts: { position: 0, edges: [] },
      signals: { position: 0, rows: [], droppedNs: null },
      missed: { position: 0, rows: [], hasDropped: false },
      recognition: { position: 0, rows: [], own: [] },
    });
    await store.close();
  });
});

describe("the operator's own options", () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ["of the URL come on top of ours", "?options=-c%20work_mem%3D5MB", "", ["force_generic_plan", "5120"]],
    ["of the URL win over ours", "?options=-c%20plan_cache_mode%3Dauto", "", ["auto", "4096"]],
    ["of PGOPTIONS come on top of ours", "", "-c work_mem=6MB", ["force_generic_plan", "6144"]],
    ["of PGOPTIONS win over ours", "", "-c plan_cache_mode=auto", ["auto", "4096"]],
    [
      "of the URL stand in for PGOPTIONS",
      "?options=-c%20work_mem%3D5MB",
      "-c work_mem=6MB",
      ["force_generic_plan", "5120"],
    ],
    ["are those of PGOPTIONS if the URL's are empty", "?options=", "-c work_mem=6MB", ["force_generic_plan", "6144"]],
  ])("%s", async (_, ofUrl, ofEnvironment, expected) => {
    vi.stubEnv("PGOPTIONS", ofEnvironment);
    await opened(ofUrl);
    expect(await settings("plan_cache_mode", "work_mem")).toEqual(expected);
    await store.close();
  });
});
