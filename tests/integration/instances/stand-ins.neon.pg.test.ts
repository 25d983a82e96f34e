/** The Neon stand-in, through the vendor's own driver; and the proxy for clients over TCP. */
import { Client, neon, neonConfig, Pool } from "@neondatabase/serverless";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import ws from "ws";
import { verbOf } from "@/tests/support/servers/postgres/pg-frontend";
import { type PostgresProxy, startPostgresProxy } from "@/tests/support/servers/postgres/postgres-proxy";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import type { StandIn } from "@/tests/support/stand-ins/control";
import { startNeon } from "@/tests/support/stand-ins/neon";

let postgres: PostgresServer;
let standIn: StandIn;
let proxy: PostgresProxy;
let nowMs = 0;

beforeAll(async () => {
  postgres = await startPostgres();
  standIn = await startNeon({ postgresPort: postgres.port, nowMs: () => nowMs });
  proxy = await startPostgresProxy({ postgresUrl: postgres.url });
  neonConfig.fetchEndpoint = `${standIn.url}/sql`;
  neonConfig.wsProxy = `127.0.0.1:${standIn.port}/v2`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineTLS = false;
  neonConfig.webSocketConstructor = ws;
  await neon(postgres.url).query("CREATE TABLE pairs (id int8 PRIMARY KEY, bytes bytea, doc jsonb)");
});
beforeEach(async () => {
  neonConfig.pipelineConnect = false;
  await neon(postgres.url).query("TRUNCATE pairs");
  standIn.counters.reset();
  proxy.counters.reset();
});
afterEach(() => Promise.all([standIn.faults.clear(), proxy.faults.clear()]));
afterAll(async () => {
  await proxy.stop();
  await standIn.stop();
  await postgres.stop();
});

const BIG = "9007199254740993";
const ROUND_TRIP =
  "INSERT INTO pairs VALUES ($1, $2, $3) RETURNING id, bytes, doc, ARRAY[1,2] AS list, NULL AS nothing";
const ROW = { id: BIG, bytes: Buffer.from([0, 255, 92]), doc: { a: [1, null, "ä"] }, list: [1, 2], nothing: null };
const PARAMS = [BIG, ROW.bytes, ROW.doc];

describe("over HTTP", () => {
  it("a statement returns int8, bytea, json, arrays and null", async () => {
    expect(await neon(postgres.url).query(ROUND_TRIP, PARAMS)).toEqual([ROW]);
  });

  it("rows come as arrays and with their fields when asked for", async () => {
    const sql = neon(postgres.url, { arrayMode: true, fullResults: true });
    expect(await sql.query("SELECT 1::int4 AS one, 'a' AS two, true AS three")).toMatchObject({
      rows: [[1, "a", true]],
      command: "SELECT",
      rowCount: 1,
      fields: [{ name: "one", dataTypeID: 23 }, { name: "two" }, { name: "three", dataTypeID: 16 }],
    });
  });

  it("the server's errors keep their code and fields", async () => {
    const sql = neon(postgres.url);
    await sql.query("INSERT INTO pairs (id) VALUES (1)");
    await expect(sql.query("INSERT INTO pairs (id) VALUES (1)")).rejects.toMatchObject({
      name: "NeonDbError",
      code: "23505",
      severity: "ERROR",
      constraint: "pairs_pkey",
      detail: "Key (id)=(1) already exists.",
    });
    await expect(sql.query("SELECT 1; SELECT 2")).rejects.toMatchObject({ code: "42601" });
    const wrong = postgres.url.replace("local@", "wrong@");
    await expect(neon(wrong).query("SELECT 1")).rejects.toMatchObject({
      message: expect.stringMatching(/^password authentication failed for user/),
      code: "",
    });
  });

  it("a batch is one transaction: all or nothing, in the mode asked for", async () => {
    const sql = neon(postgres.url);
    const insert = (id: number) => sql.query("INSERT INTO pairs (id) VALUES ($1) RETURNING id", [id]);
    expect(await sql.transaction([insert(1), insert(2)])).toEqual([[{ id: "1" }], [{ id: "2" }]]);
    await expect(sql.transaction([insert(3), insert(1)])).rejects.toMatchObject({ code: "23505" });
    expect(await sql.query("SELECT count(*)::int FROM pairs")).toEqual([{ count: 2 }]);
    const mode = { isolationLevel: "Serializable", readOnly: true } as const;
    expect(await sql.transaction([sql.query("SHOW transaction_isolation")], mode)).toEqual([
      [{ transaction_isolation: "serializable" }],
    ]);
    await expect(sql.transaction([insert(4)], mode)).rejects.toMatchObject({ code: "25006" });
  });

  it("counts statements by verb and by purpose, each member of a batch", async () => {
    const sql = neon(postgres.url);
    await sql.transaction([sql.query("SELECT 1"), sql.query("/* why */ with a as (select 1) select * from a")]);
    const headers = { "Neon-Connection-String": postgres.url, "X-Purpose": "view" };
    await fetch(`${standIn.url}/sql`, { method: "POST", headers, body: '{"query":"SELECT 1","params":[]}' });
    expect(standIn.counters.read()).toEqual({
      requests: 2,
      total: 3,
      byName: { SELECT: 2, WITH: 1 },
      byPurpose: { none: 2, view: 1 },
    });
    expect(["", "-- a\n select", "/* a */insert"].map(verbOf)).toEqual(["EMPTY", "SELECT", "INSERT"]);
  });
});

describe("over WebSocket", () => {
  it.each(["password", false] as const)("a session works with pipelineConnect %s", async (pipelineConnect) => {
    neonConfig.pipelineConnect = pipelineConnect;
    const client = new Client(postgres.url);
    await client.connect();
    expect((await client.query(ROUND_TRIP, PARAMS)).rows).toEqual([ROW]);
    await client.query("BEGIN");
    await expect(client.query(ROUND_TRIP, PARAMS)).rejects.toMatchObject({ code: "23505", severity: "ERROR" });
    await client.query("ROLLBACK");
    await client.end();
    expect(standIn.counters.read()).toMatchObject({ requests: 1, byName: { INSERT: 2, BEGIN: 1, ROLLBACK: 1 } });
  });

  it("large answers arrive whole, on many connections at once", async () => {
    const pool = new Pool({ connectionString: postgres.url, max: 5 });
    const text = "SELECT repeat('x', 1000000) AS big";
    const answers = await Promise.all(Array.from({ length: 10 }, () => pool.query<{ big: string }>(text)));
    expect(answers.map(({ rows }) => rows[0]?.big.length)).toEqual(Array(10).fill(1_000_000));
    await pool.end();
  });
});

describe("a fault", () => {
  it("over HTTP: down, slow, erroring, flapping, and an answer that gets lost", async () => {
    const sql = neon(postgres.url);
    await standIn.faults.set({ kind: "down", how: "refused" });
    await expect(sql.query("SELECT 1")).rejects.toThrow(/Error connecting to database/);
    await standIn.faults.set({ kind: "slow", ms: 60_000 });
    const hasty = { fetchOptions: { signal: AbortSignal.timeout(50) } };
    await expect(sql.query("SELECT 1", [], hasty)).rejects.toMatchObject({ sourceError: { name: "TimeoutError" } });
    await standIn.faults.set({ kind: "error" });
    await expect(sql.query("SELECT 1")).rejects.toThrow(/Server error \(HTTP status 500\)/);
    await standIn.faults.set({ kind: "flapping", periodMs: 60_000 });
    await expect(sql.query("SELECT 1")).rejects.toThrow(/Error connecting/);
    nowMs += 30_000;
    await sql.query("SELECT 1");
    await standIn.faults.set({ kind: "lostAnswer" });
    await expect(sql.query("INSERT INTO pairs (id) VALUES (1)")).rejects.toThrow(/Error connecting/);
    await standIn.faults.clear();
    expect(await sql.query("SELECT id FROM pairs")).toEqual([{ id: "1" }]);
  });

  it("over WebSocket and TCP: open connections break, and new ones fail", async () => {
    const overWs = new Client(postgres.url);
    const overTcp = new pg.Client(proxy.databaseUrl);
    for (const [client, faults] of [
      [overWs, standIn.faults],
      [overTcp, proxy.faults],
    ] as const) {
      await client.connect();
      const broken = new Promise((resolve) => client.on("error", resolve));
      await faults.set({ kind: "down" });
      await broken;
    }
    await expect(new Client(postgres.url).connect()).rejects.toBeDefined();
    await expect(new pg.Client(proxy.databaseUrl).connect()).rejects.toThrow();
  });

  it("over TCP: statements are counted, delayed, done without an answer, or broken", async () => {
    const query = async (text: string, timeoutMs = 20_000) => {
      const client = new pg.Client({ connectionString: proxy.databaseUrl, query_timeout: timeoutMs });
      client.on("error", () => {});
      await client.connect();
      return client.query(text).finally(() => client.end().catch(() => {}));
    };
    await query("SELECT 1");
    await proxy.faults.set({ kind: "slow", ms: 60_000 });
    await expect(query("SELECT 1", 50)).rejects.toThrow(/timeout/);
    await proxy.faults.set({ kind: "error" });
    await expect(query("SELECT 1")).rejects.toThrow();
    await proxy.faults.set({ kind: "lostAnswer" });
    await expect(query("INSERT INTO pairs (id) VALUES (7)")).rejects.toThrow();
    await proxy.faults.clear();
    expect((await query("SELECT id FROM pairs")).rows).toEqual([{ id: "7" }]);
    expect(proxy.counters.read().byName).toMatchObject({ INSERT: 1 });
  });
});

describe("the database behind it", () => {
  it("can be frozen, and keeps its commits over a crash", async () => {
    const sql = neon(postgres.url);
    await sql.query("INSERT INTO pairs (id) VALUES (1)");
    postgres.pause();
    const hasty = { fetchOptions: { signal: AbortSignal.timeout(50) } };
    await expect(sql.query("SELECT 1", [], hasty)).rejects.toMatchObject({ sourceError: { name: "TimeoutError" } });
    postgres.resume();
    await postgres.kill();
    await expect(sql.query("SELECT 1")).rejects.toThrow(/HTTP status 500/);
    await postgres.restart();
    expect(await sql.query("SELECT id FROM pairs")).toEqual([{ id: "1" }]);
  });
});
