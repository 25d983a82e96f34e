/** Packing, commits and repairs of several instances at once, on PostgreSQL: no row is lost or doubled. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { openStore } from "@/tests/support/stores/store-opening";
import { batchOf } from "@/tests/support/worlds/histories/batches";
import { addPackedTopics, behind, packRows, run, T } from "@/tests/support/worlds/histories/packed-topics";

/** Where each of the repairs begins. */
const REPAIRED = [41, 121];
const [STORED, MORE, ROUNDS] = [280, 200, 10];

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

async function opened() {
  const url = await server.createDatabase();
  const db = openPg(url);
  const store = await openStore(db, "devnet");
  await addPackedTopics(store);
  await store.sync.commit(batchOf(T, 0, run(1, STORED)));
  return { store, db, url };
}

/** The content of all rows of people, and where positions are not 1 to the head. */
async function rowsIn(db: Database) {
  const every = "(SELECT * FROM hcs_messages UNION ALL SELECT r.* FROM user_segments s, rows_in(s) r)";
  const rows = await rawQuery(
    db,
    `SELECT u.user_id, p.user_id AS peer, m.ref, m.consensus_ns, m.type_no, m.type_name, m.flags FROM ${every} m
    JOIN user_heads u USING (user_no) LEFT JOIN user_heads p ON p.user_no = m.peer_no ORDER BY u.user_id, m.ref`,
  );
  const flaws = await rawQuery(
    db,
    `SELECT u.user_id FROM user_heads u LEFT JOIN ${every} m USING (user_no) GROUP BY u.user_id, u.head
    HAVING count(m.n) <> u.head OR count(DISTINCT m.n) <> u.head OR max(m.n) <> u.head OR min(m.n) <> 1
      OR count(DISTINCT m.consensus_ns) <> u.head`,
  );
  return { rows, flaws };
}

/** A promise, and what resolves it. */
function next(): [Promise<void>, () => void] {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return [promise, resolve];
}

/** Resolves when a statement waits for a lock, or the act is over. False if it was over. */
async function isHeld(watcher: Client, act: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  act.then(over, over);
  const waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
  while (!isOver) {
    if ((await watcher.query(waiting)).rows.length > 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

async function connected(url: string): Promise<Client> {
  const client = new Client(url);
  await client.connect();
  return client;
}

const PACK = "SELECT pack_rows(2000000000000000000, 2000000000000000000, 9, 99, 8, 4)";

/** Takes heads in the order in which commits do. */
const DUE = `WITH held AS (SELECT user_no FROM user_heads ORDER BY user_id FOR UPDATE)
  UPDATE user_heads h SET due_ns = 0 FROM held WHERE h.user_no = held.user_no`;

/** Messages change their type, and in the last round each has its last one. */
const typeOf = (sequence: number, round: number) =>
  round === ROUNDS || (sequence + round) % 3 === 0 ? "GREETING" : "CONTACT_REQUEST";

it("packing, commits and repairs at once lose no row, double none, and forget no change", async () => {
  const calm = await opened();
  const busy = await opened();
  for (let from = STORED; from < STORED + MORE; from += 10)
    await calm.store.sync.commit(batchOf(T, from, run(from + 1, from + 10)));
  const last = (from: number) => behind(from, from + 6, { type: typeOf(from, ROUNDS) });
  for (const from of REPAIRED) expect((await calm.store.sync.restore(last(from))).kind).toBe("committed");

  let isOver = false;
  // They begin anew after each repair. If they never rested, they would pack the rows again before a repair has changed them.
  let [moved, move] = next();
  const tell = () => {
    move();
    [moved, move] = next();
  };
  const packer = async () => {
    let packed = 0;
    for (;;) {
      await rawQuery(busy.db, DUE);
      packed += await packRows({ db: busy.db }, 8);
      if (isOver) return packed;
      await moved;
    }
  };
  const packers = [packer(), packer()];
  const commits = (async () => {
    for (let from = STORED; from < STORED + MORE; from += 10)
      expect((await busy.store.sync.commit(batchOf(T, from, run(from + 1, from + 10)))).kind).toBe("committed");
  })();
  const repairs = REPAIRED.map(async (from) => {
    for (let round = 0; round <= ROUNDS; ) {
      const { kind } = await busy.store.sync.restore(behind(from, from + 6, { type: typeOf(from, round) }));
      if (kind !== "committed") continue;
      round += 1;
      tell();
    }
  });
  await Promise.all([commits, ...repairs]);
  isOver = true;
  tell();
  const packed = await Promise.all(packers);
  expect(Math.min(...packed)).toBeGreaterThan(0);
  const { rows, flaws } = await rowsIn(busy.db);
  expect(flaws).toEqual([]);
  expect(rows.length).toBeGreaterThan(800);
  expect(rows).toEqual((await rowsIn(calm.db)).rows);
  await Promise.all([calm, busy].map(({ store }) => store.close()));
});

it("a repair waits while rows are moved between the tables, and begins with what it finds then", async () => {
  const { store, db, url } = await opened();
  const packer = await connected(url);
  await packer.query("BEGIN; LOCK TABLE user_segments IN EXCLUSIVE MODE");
  const repair = store.sync.restore(behind(41, 47, { type: "GREETING" }));
  expect(await isHeld(packer, repair)).toBe(true);
  await packer.query(`${PACK}; COMMIT`);
  expect(await repair).toMatchObject({ kind: "committed" });
  const { rows, flaws } = await rowsIn(db);
  expect(flaws).toEqual([]);
  expect(rows.filter(({ type_name: name }) => name === "GREETING").length).toBeGreaterThan(8);
  await packer.end();
  await store.close();
});

it("rebuilding waits for a step that moves rows, and the step does not wait for it", async () => {
  const { store, db, url } = await opened();
  const step = await connected(url);
  await step.query("BEGIN; LOCK TABLE user_segments IN EXCLUSIVE MODE");
  const rebuilding = store.sync.rebuild();
  expect(await isHeld(step, rebuilding)).toBe(true);
  await step.query("LOCK TABLE topics IN EXCLUSIVE MODE; COMMIT");
  await rebuilding;
  expect((await rowsIn(db)).rows).toEqual([]);
  await step.end();
  await store.close();
});

it("an earlier version that waits for a head while rows are packed is refused", async () => {
  const { store, url } = await opened();
  const [packer, earlier] = [await connected(url), await connected(url)];
  await packer.query(`BEGIN; ${PACK}`);
  const taken = earlier.query("SELECT * FROM take_heads(1, ARRAY['tm-alice'], ARRAY[1])");
  const refused = expect(taken).rejects.toMatchObject({ code: "55000" });
  expect(await isHeld(packer, taken)).toBe(true);
  await packer.query("COMMIT");
  await refused;
  await Promise.all([packer.end(), earlier.end()]);
  await store.close();
});

it("a segment has the same digest, whatever the client's encoding is", async () => {
  const { store, url } = await opened();
  const client = await connected(url);
  await client.query("UPDATE hcs_messages SET type_name = 'GRÜSSE' WHERE type_name IS NOT NULL");
  await client.query(PACK);
  await client.query("SET client_encoding = 'LATIN1'");
  const { rows } = await client.query(
    "SELECT digest_of(s) = s.digest AS whole FROM user_segments s WHERE kind_names IS NOT NULL",
  );
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.filter(({ whole }) => !whole)).toEqual([]);
  await client.end();
  await store.close();
});
