/** A database must not hold an instance's connections, keep it from starting, or hand it rows that it cannot read. */

import type pg from "pg";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORMAT } from "@/lib/adapters/postgres/codec/format";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { migrate } from "@/lib/adapters/postgres/drivers/migrate";
import { openDatabase } from "@/lib/adapters/postgres/drivers/open";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { LimitedPool } from "@/lib/adapters/postgres/drivers/pool";
import { openStore } from "@/lib/adapters/postgres/store";
import { awaitStores } from "@/lib/server/boot/open";
import { readEnv } from "@/lib/server/config/env";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { freePort } from "../../support/servers/free-port";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres/postgres-server";
import type { StandIn } from "../../support/stand-ins/control";
import { startNeon } from "../../support/stand-ins/neon";

const LOCK_MS = 300;
const CLIENT_MS = 900;

let server: PostgresServer;
let neon: StandIn;
let url: string;
let admin: Client;
beforeAll(async () => {
  server = await startPostgres();
  neon = await startNeon({ postgresPort: server.port });
  url = await server.createDatabase();
  const db = openPg(url);
  await migrate(db);
  await db.close();
  admin = new Client(url);
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await neon.stop();
  await server.stop();
});

const connections = async () => {
  const { rows } = await admin.query(
    "SELECT count(*)::integer AS n FROM pg_stat_activity WHERE application_name = 'trustmesh-edge'",
  );
  return (rows[0] as { n: number }).n;
};

describe.each(["pg", "neon-ws"] as const)("a table that is locked, through %s", (driver) => {
  it("holds no statement for long, and no more connections than the pools have", async () => {
    const endpoint = `ws://127.0.0.1:${neon.port}/v2`;
    const open = () => openDatabase({ url, driver, endpoint, maxConnections: 5, lockTimeoutMs: LOCK_MS });
    const pools: Database[] = [await open(), await open()];
    await admin.query("BEGIN");
    await admin.query("LOCK TABLE topics IN ACCESS EXCLUSIVE MODE");
    const most: number[] = [];
    try {
      for (let wave = 0; wave < 3; wave += 1) {
        const asked = pools.flatMap((db) =>
          Array.from({ length: 5 }, () =>
            rawQuery(db, "SELECT * FROM topics", [], CLIENT_MS).catch((error: unknown) => error),
          ),
        );
        for (const outcome of await Promise.all(asked))
          expect(outcome).toMatchObject({ name: "TierUnavailable", tier: "postgres" });
        most.push(await connections());
      }
    } finally {
      await admin.query("ROLLBACK");
    }
    expect(Math.max(...most)).toBeLessThanOrEqual(10);
    for (const db of pools) expect(await rawQuery(db, "SELECT * FROM topics")).toEqual([]);
    expect(await connections()).toBeLessThanOrEqual(10);
    await Promise.all(pools.map((db) => db.close()));
  });

  it("ends a statement that runs for too long at the server, too", async () => {
    const endpoint = `ws://127.0.0.1:${neon.port}/v2`;
    const db = await openDatabase({ url, driver, endpoint, maxConnections: 1, statementTimeoutMs: 200 });
    await expect(rawQuery(db, "SELECT pg_sleep(5)")).rejects.toMatchObject({
      name: "TierUnavailable",
      tier: "postgres",
    });
    // The same connection serves on.
    expect(await rawQuery(db, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await db.close();
  });
});

it("lets a migration take its time, and wait for another instance's", async () => {
  const slow = await server.createDatabase();
  const open = () => openPg(slow, { lockTimeoutMs: 100, statementTimeoutMs: 100 });
  const [one, other] = [open(), open()];
  const migrations = [{ name: "0000_slow", statements: ["SELECT pg_sleep(0.5)", "CREATE TABLE made (n integer)"] }];
  await Promise.all([migrate(one, migrations), migrate(other, migrations)]);
  expect(await rawQuery(one, "SELECT * FROM made")).toEqual([]);
  await Promise.all([one.close(), other.close()]);
});

it("lets a migration wait for one table only while it holds none, so that it blocks nobody for ever", async () => {
  const busy = await server.createDatabase();
  const [db, client] = [openPg(busy), new Client(busy)];
  await client.connect();
  await client.query("CREATE TABLE a (n integer); CREATE TABLE b (n integer)");
  await client.query("BEGIN");
  await client.query("SELECT FROM b");
  const statements = ["ALTER TABLE a ADD COLUMN m integer", "-- By hand: why.\nALTER TABLE b ADD COLUMN m integer"];
  const migrating = migrate(db, [{ name: "0000_both", statements }]);
  const isWaiting = "SELECT FROM pg_stat_activity WHERE datname = $1 AND wait_event IN ('PgSleep', 'relation')";
  const waiting = async () => (await admin.query(isWaiting, [new URL(busy).pathname.slice(1)])).rows.length;
  await expect.poll(waiting).toBe(1);
  // The transaction that the migration waits for needs the other table.
  await client.query("SELECT FROM a");
  await client.query("COMMIT");
  await migrating;
  expect((await client.query("SELECT a.m, b.m FROM a, b")).rows).toEqual([]);
  await Promise.all([client.end(), db.close()]);
});

/** A pool behind a pooler that refuses these settings, and the settings that it was opened with. */
function behindPooler(refused: readonly string[], refusal: { readonly code: string; readonly message: string }) {
  const opened: object[] = [];
  const open = (limits: object) => {
    opened.push(limits);
    const query = async () => {
      const isRefused = Object.keys(limits).some((name) => refused.includes(name));
      if (isRefused) throw Object.assign(new Error(refusal.message), { severity: "FATAL", code: refusal.code });
      return { rows: [{ one: 1 }] };
    };
    return { query, on: () => {}, end: async () => {} } as unknown as pg.Pool;
  };
  return { pool: new LimitedPool({}, open).within(1_000), opened };
}

const KEEPS_PLANS = { options: "-c plan_cache_mode=force_generic_plan" };
const LIMITS = { lock_timeout: 4_000, statement_timeout: 15_000, idle_in_transaction_session_timeout: 15_000 };
const TWO = [{ rows: [{ one: 1 }] }, { rows: [{ one: 1 }] }];

describe("a pooler in between that refuses", () => {
  it("time limits gets connections without any", async () => {
    const message = "unsupported startup parameter: lock_timeout";
    const { pool, opened } = behindPooler(["options", "lock_timeout"], { code: "08P01", message });
    expect(await Promise.all([pool.query("SELECT 1"), pool.query("SELECT 1")])).toEqual(TWO);
    expect(opened).toEqual([{ ...KEEPS_PLANS, ...LIMITS }, LIMITS, {}]);
  });

  it.each([
    ["08P01", "unsupported startup parameter in options: plan_cache_mode"],
    ["0A000", "Feature not supported: RDS Proxy currently doesn’t support command-line options."],
    ["0A000", "RDS Proxy currently doesn't support the option plan_cache_mode"],
  ])("options gets connections with the time limits alone (%s %s)", async (code, message) => {
    const { pool, opened } = behindPooler(["options"], { code, message });
    expect(await Promise.all([pool.query("SELECT 1"), pool.query("SELECT 1")])).toEqual(TWO);
    expect(opened).toEqual([{ ...KEEPS_PLANS, ...LIMITS }, LIMITS]);
  });
});

it("is refused with a sentence if a later version wrote rows that this one cannot read", async () => {
  await admin.query("INSERT INTO meta (network) VALUES ('devnet') ON CONFLICT DO NOTHING");
  await admin.query("UPDATE meta SET format = 7");
  const db = openPg(url);
  await expect(openStore(db, "devnet")).rejects.toMatchObject({
    name: "DatabaseUnusable",
    message: `This database holds rows of format 7, which a later version wrote; this version reads formats up to ${FORMAT}: start the later version, or restore a backup from before the upgrade.`,
  });
  await admin.query("UPDATE meta SET format = 0");
  await openStore(db, "devnet");
  expect((await admin.query("SELECT format FROM meta")).rows).toEqual([{ format: 2 }]);
  await db.close();
});

it("is waited for at the start, and logged once", async () => {
  const port = await freePort();
  const said: string[] = [];
  const line = (level: string) => (message: string) => void said.push(`${level}: ${message}`);
  const log = { info: line("info"), warn: line("warn"), error: line("error") };
  const env = readEnv({ DATABASE_URL: `postgres://postgres:local@127.0.0.1:${port}/postgres` });
  let asked = 0;
  const clock = {
    monotonicMs: () => performance.now(),
    sleep: async () => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
  const stores = awaitStores(env, log, undefined, clock);
  while (asked < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  const late = await startPostgres({ port });
  expect(await (await stores).sync.topics()).toEqual([]);
  expect(said.filter((each) => each.startsWith("warn"))).toEqual([
    "warn: The database does not answer yet. The app keeps trying. If this lasts, check that the database runs and that DATABASE_URL is right.",
  ]);
  expect(said.at(-1)).toMatch(/^info: The database answers now, after \d+ s\.$/);
  await (await stores).close();
  await late.stop();
  // A fault that waiting cannot mend ends the start.
  const other = { ...env, DATABASE_URL: url, HEDERA_NETWORK: "mainnet" as const };
  await expect(awaitStores(other, log)).rejects.toMatchObject({ name: "OtherNetwork" });
});
