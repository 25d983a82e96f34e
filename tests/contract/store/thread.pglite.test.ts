/** The thread of an embedded database: what it answers, that it does not block the event loop, and how it ends. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import type { ThreadOptions } from "@/lib/adapters/postgres/drivers/embedded/open-in-thread";
import { startThread } from "@/lib/adapters/postgres/drivers/embedded/start-thread";
import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";
import { openStore } from "@/lib/adapters/postgres/store";
import { bundleThreads } from "@/scripts/build/node-bundle";
import { bundleOf } from "@/tests/support/fleet/processes/bundle";
import { addTopics } from "@/tests/support/stores/add-topics";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { batchOf, topic, user } from "@/tests/support/worlds/histories/batches";

const directories: string[] = [];
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "trustmesh-thread-"));
  directories.push(directory);
  return directory;
}
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Runs until its thread is ended. */
const ENDLESS = "SELECT count(*) FROM generate_series(1, 1000000000000)";
/** Waits in a call of the system that no `terminate` interrupts, as it would for a stalled disk. */
const STUCK = "SELECT pg_read_file('pipe')";
const DOWN = { name: "TierUnavailable", tier: "postgres" };

const STUCK_DOWN = { ...DOWN, message: expect.stringContaining("does not end") };

/** Puts a pipe without a writer into the database's directory. Returns a function that unblocks the thread that reads it. */
async function pipeIn(directory: string, db: Database): Promise<() => void> {
  const pipe = join(directory, "pgdata", "pipe");
  // PGlite opens the pipe only at a path that it has opened as a file before.
  writeFileSync(pipe, "");
  await rawQuery(db, STUCK);
  rmSync(pipe);
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  let isHeld = true;
  const release = () => {
    if (isHeld) closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
    isHeld = false;
  };
  onTestFinished(release);
  return release;
}

const SAID = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
] as const;

/** The words of an error, and those of its cause. */
const told = (error: Error): object => ({
  message: error.message,
  said: [...SAID, "constraint", "routine"].map((name) => Reflect.get(error, name)),
  cause: error.cause instanceof Error ? told(error.cause) : null,
});

describe("a database in a thread and one in memory", () => {
  let both: readonly Database[] = [];
  beforeAll(async () => {
    both = [await openPglite(newDirectory()), await openPglite({ memory: true })];
  });
  afterAll(async () => {
    for (const db of both) await db.close();
  });

  const outcomes = (text: string, params: readonly unknown[]) =>
    Promise.all(both.map((db) => rawQuery(db, text, params).catch(told)));

  it("answer with the same values, whatever they are", async () => {
    const text = fc.string({ unit: "binary" }).filter((value) => !value.includes("\0"));
    const bytes = fc.uint8Array({ maxLength: 10_000 }).map((value) => Buffer.from(value));
    const int8 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
    const values = fc.record({
      text: fc.option(text),
      bytes: fc.option(bytes),
      int8: fc.option(int8),
      texts: fc.option(fc.array(fc.option(text), { minLength: 1 })),
      int8s: fc.option(fc.array(int8, { minLength: 1 })),
      json: fc.option(fc.jsonValue()),
      isSo: fc.option(fc.boolean()),
      double: fc.double({ noNaN: true }),
    });
    const columns =
      "$1::text AS a, $2::bytea AS b, $3::int8 AS c, $4::text[] AS d, $5::int8[] AS e, $6::jsonb AS f, $7::boolean AS g, $8::float8 AS h, array[$2::bytea, NULL] AS i";
    await fc.assert(
      fc.asyncProperty(values, async ({ text, bytes, int8, texts, int8s, json, isSo, double }) => {
        const params = [text, bytes, int8, texts, int8s, json === null ? null : JSON.stringify(json), isSo, double];
        const [threaded, inMemory] = await outcomes(`SELECT ${columns}`, params);
        expect(threaded).toStrictEqual(inMemory);
        const [row] = threaded as readonly { a: unknown; b: unknown; c: unknown }[];
        expect([row?.a, row?.b, row?.c]).toStrictEqual([text, bytes, int8]);
      }),
      { numRuns: 200 },
    );
  });

  it("answer with the same errors", async () => {
    await outcomes("CREATE TABLE things (name text PRIMARY KEY, size int CHECK (size > 0))", []);
    const insert = "INSERT INTO things VALUES ($1, $2)";
    for (const [text, params, code] of [
      [insert, ["a", 1], null],
      [insert, ["a", 1], "23505"],
      [insert, ["b", -1], "23514"],
      ["SELECT $1::int", ["not a number"], "22P02"],
      ["SELECT nothing", [], "42703"],
      ["SELEC", [], "42601"],
      ["DO $$ BEGIN RAISE 'x' USING ERRCODE = '53100', DETAIL = 'y', HINT = 'z'; END $$", [], "53100"],
    ] as const) {
      const [threaded, inMemory] = await outcomes(text, params);
      expect(threaded).toStrictEqual(inMemory);
      if (code === null) expect(threaded).toEqual([]);
      else expect(JSON.stringify(threaded)).toContain(`"ERROR","${code}"`);
    }
  });
});

/** A thread that does nothing, but may say that the database is open. */
function silent(kind = ""): Worker {
  const program = `const { parentPort } = require("node:worker_threads");
    parentPort.on("message", () => {});
    if (${JSON.stringify(kind)}) parentPort.postMessage({ kind: ${JSON.stringify(kind)} });`;
  return new Worker(program, { eval: true, execArgv: [] });
}

describe("the thread of a database", () => {
  /** Without those that only made a directory. */
  const workers: Worker[] = [];
  const makers: Worker[] = [];
  const deaths: unknown[] = [];
  let db: Database | null = null;
  const open = async (directory: string, options: ThreadOptions = {}) => {
    db = await openPglite(directory, {
      ...options,
      onDeath: (cause) => deaths.push(cause),
      start: (opening) => {
        const worker = (options.start ?? startThread)(opening);
        (opening.isFresh ? makers : workers).push(worker);
        return worker;
      },
    });
    return db;
  };
  afterEach(async () => {
    await db?.close();
    workers.length = 0;
    makers.length = 0;
    deaths.length = 0;
  });

  it("is not the one that unpacked a new directory, whose memory would stay as large as that took", async () => {
    const directory = newDirectory();
    const made = await open(directory);
    expect(makers.map(({ threadId }) => threadId)).toEqual([-1]);
    expect(workers.length).toBe(1);
    await rawQuery(made, "CREATE TABLE kept AS SELECT 7 AS n");
    await made.close();
    expect(await rawQuery(await open(directory), "SELECT n FROM kept")).toEqual([{ n: 7 }]);
    expect([makers.length, deaths.length]).toEqual([1, 0]);
  });

  it("lets the event loop run on while a statement runs", async () => {
    const db = await open(newDirectory());
    const running = rawQuery(db, ENDLESS);
    const failed = expect(running).rejects.toMatchObject(DOWN);
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    // Only this ends the statement.
    await Promise.all([workers[0]?.terminate(), failed]);
  });

  it("answers statements in the order in which they were sent, one at a time", async () => {
    const db = await open(newDirectory());
    await rawQuery(db, "CREATE TABLE steps (n int)");
    const order: number[] = [];
    const sent = Array.from({ length: 20 }, async (_, i) => {
      const [row] = await rawQuery(
        db,
        "WITH step AS (INSERT INTO steps VALUES ($1) RETURNING n) SELECT n, (SELECT count(*)::int FROM steps) AS earlier FROM step",
        [i],
      );
      expect(row).toEqual({ n: i, earlier: i });
      order.push(i);
    });
    await Promise.all(sent);
    expect(order).toEqual(sent.map((_, i) => i));
  });

  it("is replaced when it dies: acknowledged statements survive, and the others fail as an outage", async () => {
    const directory = newDirectory();
    const db = await open(directory);
    const store = await openStore(db, "devnet");
    const [T, A] = [topic("0.0.7"), user("tm-alice")];
    await addTopics(store.registry, [{ topicId: T, kinds: ["contact"] }]);
    await store.sync.commit(batchOf(T, 0, [{ type: "CONTACT_REQUEST", actor: A, target: "tm-bob" }]));

    const running = rawQuery(db, ENDLESS);
    const waiting = rawQuery(db, "SELECT 1");
    await Promise.all([
      expect(running).rejects.toMatchObject(DOWN),
      expect(waiting).rejects.toMatchObject(DOWN),
      workers[0]?.terminate(),
    ]);
    expect(await store.sync.topic(T)).toMatchObject({ cursor: 1 });
    expect(await Promise.all([store.views.head(A), rawQuery(db, "SELECT 1 AS one")])).toEqual([1, [{ one: 1 }]]);
    expect([workers.length, deaths.length]).toEqual([2, 1]);
    // The lock is still this process's.
    await expect(openPglite(directory)).rejects.toThrow(/in use by process/);
  });

  it("is ended and replaced when a statement hangs, and queued statements fail too", async () => {
    const db = await open(newDirectory(), { hangsAfterMs: 500 });
    await Promise.all([
      expect(rawQuery(db, ENDLESS)).rejects.toMatchObject(DOWN),
      expect(rawQuery(db, "SELECT 1 AS one")).rejects.toMatchObject(DOWN),
    ]);
    expect(await rawQuery(db, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(deaths.map(String)).toEqual(["Error: a statement ran for more than 500 ms"]);
  });

  it("is not replaced while a system call blocks it, and what waits fails at its limit", async () => {
    const directory = newDirectory();
    const db = await open(directory, { hangsAfterMs: 1_000 });
    const release = await pipeIn(directory, db);
    await Promise.all([
      expect(rawQuery(db, STUCK)).rejects.toMatchObject(DOWN),
      expect(rawQuery(db, "SELECT 1 AS one")).rejects.toMatchObject(DOWN),
    ]);
    expect(deaths.map(String)).toEqual(["Error: a statement ran for more than 1000 ms"]);
    for (let i = 0; i < 2; i += 1) await expect(rawQuery(db, "SELECT 1 AS one")).rejects.toMatchObject(STUCK_DOWN);
    expect(workers.length).toBe(1);
    const [stuck] = workers as [Worker];
    const ended = once(stuck, "exit");
    release();
    await ended;
    expect(await rawQuery(db, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect([workers.length, deaths.length]).toEqual([2, 1]);
  });

  it("keeps its directory locked when it is closed while a system call blocks it", async () => {
    const directory = newDirectory();
    const db = await open(directory, { hangsAfterMs: 1_000 });
    const release = await pipeIn(directory, db);
    const stuck = expect(rawQuery(db, STUCK)).rejects.toMatchObject(DOWN);
    await expect(db.close()).rejects.toMatchObject(STUCK_DOWN);
    await stuck;
    await expect(openPglite(directory)).rejects.toThrow(/in use by process/);
    const ended = once(workers[0] as Worker, "exit");
    release();
    await ended;
    await db.close();
    await (await openPglite(directory)).close();
  });

  it("is tried again when its replacement never opens the database", async () => {
    const start: ThreadOptions["start"] = (opening) => (workers.length === 1 ? silent() : startThread(opening));
    const db = await open(newDirectory(), { start, reopensWithinMs: 5_000 });
    await workers[0]?.terminate();
    await expect(rawQuery(db, "SELECT 1 AS one")).rejects.toMatchObject(DOWN);
    expect(workers.length).toBe(2);
    // A busy machine may need several tries.
    const one = () => rawQuery(db, "SELECT 1 AS one").catch(() => null);
    await expect.poll(one, { timeout: 60_000 }).toEqual([{ one: 1 }]);
  });

  it("closes even if its replacement never opens, or never closes the database", async () => {
    const start: ThreadOptions["start"] = (opening) => (workers.length === 1 ? silent() : startThread(opening));
    const db = await open(newDirectory(), { start, reopensWithinMs: 1_000 });
    await workers[0]?.terminate();
    const waiting = expect(rawQuery(db, "SELECT 1")).rejects.toMatchObject(DOWN);
    await Promise.all([db.close(), waiting]);

    const unclosed = await open(newDirectory(), { start: () => silent("opened"), hangsAfterMs: 500 });
    await unclosed.close();
    expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1, -1]);
  });

  it("is ended and replaced when PostgreSQL itself gives up, because it cannot write its WAL", async () => {
    const directory = newDirectory();
    const db = await open(directory);
    await rawQuery(db, "CREATE TABLE kept AS SELECT 7 AS n");
    const [log, away] = ["pg_wal", "away"].map((name) => join(directory, "pgdata", name)) as [string, string];
    renameSync(log, away);
    await rawQuery(db, "SELECT pg_switch_wal()");
    await expect(rawQuery(db, "INSERT INTO kept VALUES (8)")).rejects.toMatchObject(DOWN);
    await expect.poll(() => deaths.map(String)).toEqual(["Error: PostgreSQL gave up with 58P01"]);
    await expect(rawQuery(db, "SELECT n FROM kept")).rejects.toMatchObject(DOWN);
    renameSync(away, log);
    expect(await rawQuery(db, "SELECT n FROM kept")).toEqual([{ n: 7 }]);
  });

  it("is not replaced by an empty database while its files are away", async () => {
    const directory = newDirectory();
    const db = await open(directory);
    await rawQuery(db, "CREATE TABLE kept AS SELECT 7 AS n");
    await workers[0]?.terminate();
    renameSync(join(directory, "pgdata"), join(directory, "away"));
    for (let i = 0; i < 2; i += 1) await expect(rawQuery(db, "SELECT 1")).rejects.toMatchObject(DOWN);
    renameSync(join(directory, "away"), join(directory, "pgdata"));
    expect(await rawQuery(db, "SELECT n FROM kept")).toEqual([{ n: 7 }]);
    expect(deaths.length).toBe(1);
  });

  it("finishes what was sent before it is closed, and ends", async () => {
    const db = await open(newDirectory());
    await rawQuery(db, "CREATE TABLE kept (n int)");
    const sent = Array.from({ length: 10 }, (_, i) => rawQuery(db, "INSERT INTO kept VALUES ($1) RETURNING n", [i]));
    await db.close();
    expect((await Promise.all(sent)).length).toBe(10);
    expect(workers[0]?.threadId).toBe(-1);
    expect(deaths).toEqual([]);
    await expect(rawQuery(db, "SELECT 1")).rejects.toMatchObject(DOWN);
  });
});

describe("the program of the thread", () => {
  it("is found beside a bundled program, runs without anything else, and its absence is reported in a sentence", async () => {
    const program = await bundleOf("tests/support/stores/open-pglite.ts");
    const directory = newDirectory();
    // Neither the sources nor tsx are there.
    const run = () =>
      spawnSync(process.execPath, [program, join(directory, "db")], { cwd: directory, encoding: "utf8" }).stdout.trim();
    expect(run()).toBe(
      "The embedded database cannot start, because pglite-thread.mjs is missing beside this program: build the app again, or set DATABASE_URL to another database.",
    );
    await bundleThreads(dirname(program), ["pglite-thread"]);
    expect(run()).toBe("opened");
  });
});
