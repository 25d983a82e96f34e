/** An upgrade from the version before segments, of a database with a million rows of people, while that version still writes. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore, type PostgresStore } from "@/lib/adapters/postgres/store";
import { MAX_CONSENSUS_NS } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { packOlder } from "@/lib/engine/repair/pack";
import { REREAD_RANGE, rereadTopics } from "@/lib/engine/repair/reread";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres/postgres-server";
import { at, batchOf, seq, user } from "../../support/worlds/histories/batches";
import { depsOf } from "../../support/worlds/histories/reread";
import {
  commitAsEarlier,
  EARLIER_FORMAT,
  EARLIER_PAYER,
  END_MS,
  fillAsEarlier,
  HALF_MS,
  LONG,
  MESSAGES,
  migrateAsEarlier,
  SHORT,
  upgradeStatements,
} from "../../support/worlds/upgrade/earlier-version";

const WRITERS = ["tm-p1", "tm-p2"] as const;
const READERS = ["tm-p10", "tm-p250", "tm-p500"].map(user);

let server: PostgresServer;
let url: string;
let earlier: Client;
let other: Client;
beforeAll(async () => {
  server = await startPostgres();
  url = await server.createDatabase();
  await migrateAsEarlier(url);
  [earlier, other] = [new Client(url), new Client(url)];
  await Promise.all([earlier.connect(), other.connect()]);
  await fillAsEarlier(earlier);
});
afterAll(async () => {
  await Promise.all([earlier.end(), other.end()]);
  await server.stop();
});

const linesOf = async (text: string): Promise<readonly string[]> => {
  const { rows } = await other.query<{ line: string }>(text);
  return rows.map(({ line }) => line);
};
const numberIn = async (text: string) => Number((await other.query<{ n: string }>(`SELECT (${text}) AS n`)).rows[0]?.n);

/** Tables and indexes with the files that hold them. A table that is rewritten gets another file. */
const FILES = `SELECT relname || ' ' || relfilenode AS line FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'p')
  AND relname <> 'schema_migrations'`;
/** Everything that statements of the earlier version refer to, and the rules that their rows obey. */
const NAMES = `SELECT concat_ws(' ', attrelid::regclass, attname, atttypid::regtype, attnotnull) AS line FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND attnum > 0
  UNION ALL SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`;
/** Tables with a lock that commits or readers wait for. */
const LOCKED = `SELECT DISTINCT c.relname AS line FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE l.pid = pg_backend_pid()
  AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`;

it("adds to the tables, rewrites none, and locks none of those that grow with messages", async () => {
  const [files, names] = [await linesOf(FILES), await linesOf(NAMES)];
  expect(await numberIn("SELECT count(*) FROM hcs_messages")).toBe(2 * (MESSAGES.short + MESSAGES.long));
  await other.query("BEGIN");
  for (const statement of upgradeStatements) {
    await other.query(statement);
    expect(await linesOf(FILES), statement).toEqual(expect.arrayContaining([...files]));
  }
  expect(await linesOf(NAMES)).toEqual(expect.arrayContaining([...names]));
  const isNew = (table: string) => !files.some((line) => line.startsWith(`${table} `));
  // One row in all, one of each topic, and one of each person.
  expect((await linesOf(LOCKED)).filter((table) => !isNew(table)).sort()).toEqual(["meta", "topics", "user_heads"]);
  await other.query("ROLLBACK");
});

/** Answers about old messages, which the earlier version's new ones do not change. */
async function answers({ views, sync, ledgerLog }: PostgresStore): Promise<unknown> {
  const ofReader = async (reader: (typeof READERS)[number]) => {
    const pages = [];
    for (let beforeNs = at(BigInt(END_MS) * 1_000_000n) as typeof MAX_CONSENSUS_NS | null; beforeNs !== null; ) {
      const page = await views.signals(reader, { types: [], beforeNs, limit: 500, maxRows: 10_000 });
      pages.push(page);
      beforeNs = page.nextBeforeNs;
    }
    return {
      ...{ pages, contacts: await views.contacts(reader), missed: await views.signalsAfter(reader, 700, 300) },
      proof: await views.proof(
        reader,
        SHORT,
        pages.at(-1)?.rows.findLast((row) => row.topicId === SHORT)?.sequence ?? seq(1),
      ),
    };
  };
  const page = (topicId: TopicId, from: number) => {
    const times = { from: 0n, to: MAX_CONSENSUS_NS as bigint };
    return ledgerLog.page({ topicId, sequences: { from, to: 2 ** 40 - 1 }, times, order: "asc", limit: 100 });
  };
  // A clone has arrays of bytes for Node's buffers.
  return structuredClone({
    people: await Promise.all(READERS.map(ofReader)),
    log: await sync.log(SHORT, 1, 3_000),
    pages: await Promise.all([1, 200, 19_900, 25_000].flatMap((from) => [page(SHORT, from), page(LONG, from)])),
  });
}

it("lets the earlier version write until packing begins, answers the same afterwards, and then refuses that version", async () => {
  let isPacking = false;
  let cursor = MESSAGES.long;
  const writing = (async () => {
    for (; !isPacking; cursor += 1) expect(await commitAsEarlier(earlier, cursor, WRITERS)).toBe(true);
  })();
  // Statements of readers lock the same tables in another order.
  let isMigrated = false;
  const reading = (async () => {
    while (!isMigrated) await other.query("SELECT FROM user_heads, topics, meta LIMIT 1");
  })();
  const store = await openStore(openPg(url), "devnet");
  isMigrated = true;
  await reading;
  const before = await answers(store);
  // The decoder has changed too. An instance interprets the topics again one by one, and packs those for which that is done.
  const ofShort = async () => (await store.sync.topics()).filter(({ topicId }) => topicId === SHORT);
  const deps = depsOf({ sync: Object.create(store.sync, { topics: { value: ofShort } }) });
  const trustedPayers = new Set([EARLIER_PAYER]);
  await rereadTopics({ ...deps, range: REREAD_RANGE, trustedPayers }, new AbortController().signal);
  expect(await numberIn("SELECT format FROM meta")).toBe(EARLIER_FORMAT);
  const written = cursor - MESSAGES.long;
  isPacking = true;
  await writing;
  expect(written).toBeGreaterThan(100);

  const clock = { now: () => END_MS, monotonicMs: () => 0, sleep: async () => {} };
  const packed = await packOlder(
    { store: store.sync, clock, hotMs: HALF_MS },
    { pauseMs: 0, mostMs: 1, signal: new AbortController().signal },
  );
  expect(packed.messages).toBeGreaterThan(19_000);
  expect(packed.rows).toBeGreaterThan(390_000);
  expect(await answers(store)).toEqual(before);

  // It compares the format with its own at its start, and asks for its people's heads when it commits.
  expect(await numberIn("SELECT format FROM meta")).toBeGreaterThan(EARLIER_FORMAT);
  await expect(commitAsEarlier(earlier, cursor, WRITERS)).rejects.toThrow(
    "a later version has packed rows of these people",
  );
  const signal = { type: "TRUST_ALLOCATE", actor: WRITERS[0], target: WRITERS[1], ns: BigInt(END_MS) * 1_000_000n };
  expect(await store.sync.commit(batchOf(LONG, cursor, [signal]))).toMatchObject({ kind: "committed" });
  await store.close();
});
