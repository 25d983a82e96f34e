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
  const packer = new Client(url);
  await packer.connect();
  const isWaiting = async () =>
    (await packer.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"))
      .rows.length > 0;
  await packer.query("BEGIN; LOCK TABLE user_segments IN EXCLUSIVE MODE");
  let isDone = false;
  const repair = store.sync.restore(behind(41, 47, { type: "GREETING" })).finally(() => {
    isDone = true;
  });
  while (!isDone && !(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isDone).toBe(false);
  await packer.query("SELECT pack_rows(2000000000000000000, 2000000000000000000, 9, 99, 8, 4); COMMIT");
  expect(await repair).toMatchObject({ kind: "committed" });
  const { rows, flaws } = await rowsIn(db);
  expect(flaws).toEqual([]);
  expect(rows.filter(({ type_name: name }) => name === "GREETING").length).toBeGreaterThan(8);
  await packer.end();
  await store.close();
});
