/** How a commit takes the heads of its users. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import type { PostgresStore } from "@/lib/adapters/postgres/store";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { addTopics } from "@/tests/support/stores/add-topics";
import { openStore } from "@/tests/support/stores/store-opening";
import { batchOf, type PlainSignal, topic, user } from "@/tests/support/worlds/histories/batches";

const TOPIC = topic("0.0.11");
/** Ids whose order is the opposite of that in which the rows are stored. */
const IDS = Array.from({ length: 400 }, (_, i) => `user-${999 - i}`);
const actsOf = (ids: readonly string[]) => ids.map((actor): PlainSignal => ({ type: "SYSTEM_UPDATE", actor }));

let server: PostgresServer;
let store: PostgresStore;
let other: Client;
beforeAll(async () => {
  server = await startPostgres();
  const url = await server.createDatabase();
  store = await openStore(openPg(url), "devnet");
  await addTopics(store.registry, [{ topicId: TOPIC, kinds: ["profile"] }]);
  for (let i = 0; i < 4; i += 1)
    await store.sync.commit(batchOf(TOPIC, i * 100, actsOf(IDS.slice(i * 100, (i + 1) * 100))));
  other = new Client(url);
  await other.connect();
  // The planner knows the table, as it does after a while of use.
  await other.query("VACUUM ANALYZE user_heads");
});
afterAll(async () => {
  await other.end();
  await store.close();
  await server.stop();
});

const waiting = async (): Promise<boolean> => {
  const { rows } = await other.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
  return rows.length > 0;
};

it("locks them in the order of their ids, however they are stored", async () => {
  const [middle, taken] = ["user-800", IDS.slice(0, 300)];
  await other.query("BEGIN");
  await other.query("SELECT FROM user_heads WHERE user_id = $1 FOR UPDATE", [middle]);
  const commit = store.sync.commit(batchOf(TOPIC, 400, actsOf(taken)));
  while (!(await waiting())) await new Promise((resolve) => setTimeout(resolve, 10));
  const { rows } = await other.query(
    "SELECT user_id FROM user_heads WHERE user_id = ANY ($1) ORDER BY user_id FOR UPDATE SKIP LOCKED",
    [taken],
  );
  await other.query("ROLLBACK");
  expect(await commit).toMatchObject({ kind: "committed" });
  expect(rows.map((row: { user_id: string }) => row.user_id)).toEqual(taken.filter((id) => id >= middle).sort());
});

it("numbers a new user once, and uses up no number for one who is known", async () => {
  const [last] = (await other.query("SELECT last_value::integer AS n FROM user_no")).rows as { n: number }[];
  const at = ((await store.sync.topic(TOPIC))?.cursor ?? 0) as number;
  await store.sync.commit(batchOf(TOPIC, at, actsOf(["new-a", "new-b", "new-a", "user-999"])));
  await store.sync.commit(batchOf(TOPIC, at + 4, actsOf(["new-a", "new-b"])));
  expect((await other.query("SELECT last_value::integer AS n FROM user_no")).rows).toEqual([{ n: (last?.n ?? 0) + 2 }]);
  const { rows } = await store.views.signalsAfter(user("new-a"), 0, 10);
  expect(rows.map(({ position }) => position)).toEqual([1, 2, 3]);
});

it("writes no lock of its own into the log for users who are known", async () => {
  await other.query("CREATE EXTENSION pg_walinspect");
  const place = async () => (await other.query("SELECT pg_current_wal_insert_lsn()::text AS at")).rows[0].at as string;
  const at = ((await store.sync.topic(TOPIC))?.cursor ?? 0) as number;
  const from = await place();
  await store.sync.commit(batchOf(TOPIC, at, actsOf(IDS.slice(0, 50))));
  const { rows } = await other.query(
    `SELECT record_type AS type, count(*)::integer AS n FROM pg_get_wal_block_info($1, $2, false)
    WHERE relfilenode = (SELECT relfilenode FROM pg_class WHERE relname = 'user_heads') AND resource_manager = 'Heap'
    GROUP BY 1 ORDER BY 1`,
    [from, await place()],
  );
  expect(rows.map(({ type }: { type: string }) => type).filter((type) => type === "LOCK")).toEqual([]);
  expect(rows.reduce((sum: number, { n }: { n: number }) => sum + n, 0)).toBe(50);
});
