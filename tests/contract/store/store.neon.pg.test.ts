/** Both of Neon's drivers, through the stand-in that speaks Neon's protocol before a real PostgreSQL. */

import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { translateError } from "@/lib/adapters/postgres/drivers/errors";
import { missingMigrations } from "@/lib/adapters/postgres/drivers/migrate";
import { driverFor, openDatabase, type ServerDriver } from "@/lib/adapters/postgres/drivers/open";
import type { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import type { StandIn } from "@/tests/support/stand-ins/control";
import type { Fault } from "@/tests/support/stand-ins/faults";
import { startNeon } from "@/tests/support/stand-ins/neon";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { openStore } from "@/tests/support/stores/store-opening";
import { batchOf, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../support/stores/add-topics";
import { storeContract } from "./store.contract";

let server: PostgresServer;
let standIn: StandIn;
beforeAll(async () => {
  server = await startPostgres();
  standIn = await startNeon({ postgresPort: server.port });
});
afterEach(() => standIn.faults.clear());
afterAll(async () => {
  await standIn.stop();
  await server.stop();
});

/** An empty one that does not wait for the disk: that is not the drivers' part. */
async function freshDatabase(): Promise<string> {
  const url = await server.createDatabase();
  const db = await openDatabase({ url });
  await rawQuery(db, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
  await db.close();
  return url;
}

const DRIVERS = ["neon-http", "neon-ws"] as const;

interface Opening {
  readonly queryTimeoutMs?: number;
  readonly maxConnections?: number;
}

const open = (driver: ServerDriver, url: string, more: Opening = {}): Promise<Database> => {
  const endpoint = driver === "neon-ws" ? `ws://127.0.0.1:${standIn.port}/v2` : `${standIn.url}/sql`;
  return openDatabase({ url, driver, endpoint, ...more });
};

for (const driver of DRIVERS) {
  storeContract(driver, async () => open(driver, await freshDatabase()));
}

/** The error that `query` rejects with. */
const failureOf = (query: Promise<unknown>): Promise<unknown> =>
  query.then(
    () => null,
    (error: unknown) => error,
  );

const SECRET = "the-value-nobody-may-see";

describe.each(DRIVERS)("%s", (driver) => {
  let url: string;
  beforeAll(async () => {
    url = await freshDatabase();
  });

  it("returns values as node-postgres does, and takes bytes", async () => {
    const text = `SELECT $1::bytea AS bytes, 9007199254740993::int8 AS big, 7::int4 AS small, 1.5::float8 AS real, true AS yes,
      '{"a":[1,null,"ä"]}'::jsonb AS doc, ARRAY['a',NULL,'b c'] AS texts, '{1,2}'::int8[] AS numbers, NULL::text AS nothing`;
    const params = [new Uint8Array([1, 0, 255, 92]).subarray(1)];
    const [neon, pg] = await Promise.all([open(driver, url), openDatabase({ url })]);
    const rows = await rawQuery(neon, text, params);
    expect(rows).toEqual(await rawQuery(pg, text, params));
    expect(rows[0]?.bytes).toEqual(Buffer.from([0, 255, 92]));
    await Promise.all([neon.close(), pg.close()]);
  });

  it("keeps the class of the server's own errors", async () => {
    const db = await open(driver, url);
    await rawQuery(db, "CREATE TABLE once (id int PRIMARY KEY)");
    await rawQuery(db, "INSERT INTO once VALUES (1)");
    await expect(rawQuery(db, "INSERT INTO once VALUES (1)")).rejects.toMatchObject({
      code: "23505",
      severity: "ERROR",
    });
    await expect(rawQuery(db, "SELEC 1")).rejects.toMatchObject({ code: "42601" });
    const cancelled = await failureOf(rawQuery(db, "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)"));
    expect(cancelled).toMatchObject({ name: "TierUnavailable", message: "the database answered 57014" });
    await db.close();
  });

  const outages: readonly [string, Fault][] = [
    ["refuses connections", { kind: "down", how: "refused" }],
    ["resets connections", { kind: "down", how: "reset" }],
    ["answers with errors", { kind: "error", status: 500 }],
    ["answers with errors that hold no SQLSTATE", { kind: "error", status: 400 }],
    ["is busy", { kind: "error", status: 429 }],
    ["answers too late", { kind: "slow", ms: 5_000 }],
    ["loses the answer", { kind: "lostAnswer" }],
  ];
  it.each(outages)("says unavailable while the server %s, without a word of the statement", async (_, fault) => {
    const db = await open(driver, url, { queryTimeoutMs: 300 });
    const ask = () => rawQuery(db, "SELECT $1::text AS said", [SECRET]);
    // A machine that stalls for longer than the limit fails a statement too.
    const answers = () => expect.poll(() => ask().catch(String)).toEqual([{ said: SECRET }]);
    await answers();
    await standIn.faults.set(fault);
    // On what was open before, and on what would have to be opened.
    for (let i = 0; i < 2; i++) {
      const failure = await failureOf(ask());
      expect(failure).toMatchObject({ name: "TierUnavailable", tier: "postgres" });
      expect(String(failure)).not.toContain(SECRET);
    }
    await standIn.faults.clear();
    await answers();
    await db.close();
  });

  it("ends a start with a wrong password, and says so", async () => {
    const db = await open(driver, url.replace("local@", "wrong@"));
    const words = "the database answered 28P01: it does not accept the user and password of DATABASE_URL";
    expect(await failureOf(rawQuery(db, "SELECT 1"))).toMatchObject({ name: "TierUnavailable", message: words });
    const message = `Nobody can log in to the database: ${words}. Correct DATABASE_URL, then start again.`;
    expect(await failureOf(missingMigrations(db))).toMatchObject({ name: "DatabaseUnusable", message });
    await db.close();
  });

  it("says unavailable after it is closed, and finishes earlier statements first", async () => {
    const db = await open(driver, url);
    const asked = rawQuery(db, "SELECT pg_sleep(0.1), 1 AS one");
    await db.close();
    expect(await asked).toMatchObject([{ one: 1 }]);
    await expect(rawQuery(db, "SELECT 1")).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
  });

  it("commits once if the answer was lost and the commit is repeated", async () => {
    const db = await open(driver, url);
    const { sync, views, registry } = await openStore(db, "devnet");
    const T = topic("0.0.31");
    await addTopics(registry, [{ topicId: T, kinds: ["contact"] }]);
    const batch = batchOf(T, 0, [{ type: "CONTACT_ACCEPT", actor: "a", target: "b" }]);
    await standIn.faults.set({ kind: "lostAnswer" });
    await expect(sync.commit(batch)).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    await standIn.faults.clear();
    // The server may still be at it: it hears of the client's leaving only when it answers.
    await expect.poll(async () => (await sync.topic(T))?.cursor).toBe(1);
    expect(await sync.commit(batch)).toEqual({ kind: "conflict" });
    expect(await sync.topic(T)).toMatchObject({ cursor: 1, counts: { messages: 1 } });
    expect((await views.signalsAfter(user("a"), 0, 9)).position).toBe(1);
    await db.close();
  });
});

/** Asks a server that answers every statement over HTTP as it is told. */
async function failureAt(listener: RequestListener): Promise<unknown> {
  const answering = createServer(listener);
  await new Promise<void>((resolve) => answering.listen(0, "127.0.0.1", resolve));
  const { port } = answering.address() as AddressInfo;
  const db = await openDatabase({
    url: server.url,
    driver: "neon-http",
    endpoint: `http://127.0.0.1:${port}/sql`,
  });
  try {
    return await failureOf(rawQuery(db, "SELECT 1"));
  } finally {
    await db.close();
    await new Promise((resolve) => answering.close(resolve));
  }
}

describe("an answer over HTTP", () => {
  it("that breaks off counts as unavailable, although JavaScript reports a programming error", async () => {
    const failure = await failureAt((request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 1_000 });
      response.write('{"fields":[],"rows":[', () => request.socket.destroy());
    });
    expect(failure).toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    expect(translateError((failure as TierUnavailable).cause)).toBeInstanceOf(TypeError);
  });

  const QUOTA = "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.";
  it.each([
    [400, { message: QUOTA, code: "", severity: "" }, "Neon refuses: a quota of the project is used up"],
    [402, { message: QUOTA }, "Neon refuses: a quota of the project is used up"],
    [500, { message: "Control plane request failed", code: "" }, "the database does not answer"],
    [
      500,
      { message: "Control plane request failed: endpoint is disabled", code: "" },
      "Neon refuses: the endpoint in DATABASE_URL is disabled",
    ],
    [
      400,
      { message: "The requested endpoint could not be found, or you don't have access to it.", code: "" },
      "Neon has no endpoint of the name in DATABASE_URL",
    ],
    [
      500,
      { message: "sorry, too many clients already", code: "53300", severity: "FATAL" },
      "the database answered 53300: it has no connection left",
    ],
  ])("of Neon's proxy tells operators why it refuses (%i %o)", async (status, body, message) => {
    const failure = await failureAt((_, response) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    });
    expect(failure).toMatchObject({ name: "TierUnavailable", tier: "postgres", message });
  });
});

describe("the driver", () => {
  it.each([
    ["postgres://u:p@ep-cool-1-pooler.eu-central-1.aws.neon.tech/db?sslmode=require", "neon-http"],
    ["postgresql://u:p@EP-COOL-1.eu-central-1.aws.NEON.TECH:5432/db", "neon-http"],
    ["postgres://u:p@127.0.0.1:5432/db", "pg"],
    ["postgres://u:p@neon.tech.example.org/db", "pg"],
    ["postgres://u:p@notneon.tech/db", "pg"],
    ["postgres:///db?host=/var/run/postgresql", "pg"],
  ])("for %s is %s", (url, driver) => {
    expect(driverFor(url)).toBe(driver);
  });

  it("is not guessed from an invalid connection string, and the error does not quote it", async () => {
    const failure = await failureOf(openDatabase({ url: SECRET }));
    expect(String(failure)).toMatch(/DATABASE_URL is not a connection string/);
    expect(String(failure)).not.toContain(SECRET);
    expect(String(await failureOf(openDatabase({ url: SECRET, driver: "neon-http" })))).not.toContain(SECRET);
  });
});
