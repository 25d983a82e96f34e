/**
 * Measures the bytes that a message takes in PostgreSQL, everything counted: a million devnet-like messages of 20,000 people, written
 * by the store's own commits. The yardstick is the naive layout: one row for each user, with a uuid and the body as jsonb. Also
 * measures PostgreSQL's CPU for commits and reads.
 */
import { openStore, type PostgresStore } from "@/lib/adapters/postgres/store";
import type { UserId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import type { DemoPerson } from "@/lib/devnet/seed/people";
import { startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { addTopics } from "@/tests/support/stores/add-topics";
import { devnetHistory, HISTORY_PAYER, HISTORY_TOPICS, peopleOf } from "../../support/devnet-history";
import { LedgerBatches } from "../../support/ledger-batches";
import { MeasuredPostgres } from "../../support/postgres/measured-postgres";
import { NaiveTable } from "../../support/postgres/naive-table";
import { take } from "../../support/take";
import type { BenchRow } from "../../types";

export const names = [
  "storage.bytes_per_message",
  "storage.naive_bytes_per_message",
  "storage.vs_naive",
  "storage.message_bytes",
  "storage.wal_bytes_per_message",
  "postgres.cpu_us_per_message",
  "postgres.cpu_us_per_commit",
  "postgres.cpu_us_per_read",
  "postgres.http_cpu_us_per_commit",
  "postgres.http_cpu_us_per_read",
];

const MESSAGES = 1_000_000;
const PEOPLE = 20_000;
const PAGE = 500;
/** The last messages come in small commits, which shows the cost of a commit itself. */
const SMALL_PAGE = 5;
const SMALL_MESSAGES = 2_000;
/**
 * One batch in this many also goes into the naive table. The table's bytes for each message stay the same, and filling it takes less
 * time.
 */
const NAIVE_EVERY = 5;
const READS = 2_000;

export async function run(): Promise<readonly BenchRow[]> {
  const people = peopleOf(PEOPLE);
  // The yardstick uses a separate server. On ours, its write-ahead log would cause earlier checkpoints, and so more full page images.
  const [server, other] = await Promise.all([startPostgres(), startPostgres()]);
  const url = await server.createDatabase();
  const [ours, http] = [
    await MeasuredPostgres.connect(url),
    await MeasuredPostgres.connect(url, { keepsPlans: false }),
  ];
  const naive = await MeasuredPostgres.connect(await other.createDatabase());
  try {
    const store = await openStore(ours.database, "bench");
    const table = await NaiveTable.create(naive);
    const overHttp = { postgres: http, store: await openStore(http.database, "bench") };
    const used = await commitAll(devnetHistory(people, MESSAGES), { postgres: ours, store }, overHttp, table);
    const readUs = await read(people, store, ours);
    const httpReadUs = await read(people, overHttp.store, http);
    const [ourSizes, naiveSizes] = [await ours.sizes(), await naive.sizes()];
    const perMessage = bytesOf(ourSizes) / used.messages;
    const naivePerMessage = bytesOf(naiveSizes) / table.messages;
    const scale = `${used.messages.toLocaleString("en")} devnet-like messages of ${PEOPLE.toLocaleString("en")} people, PostgreSQL, after VACUUM and CHECKPOINT`;
    return [
      row(
        "storage.bytes_per_message",
        perMessage,
        "bytes",
        `at most 560; ${scale}; ${(used.rows / used.messages).toFixed(2)} user rows a message, ${(used.edges / PEOPLE).toFixed(1)} edges a person; ${parts(ourSizes, used.messages)}`,
      ),
      row(
        "storage.naive_bytes_per_message",
        naivePerMessage,
        "bytes",
        `${table.messages.toLocaleString("en")} of the same messages: a row a user with uuid and jsonb, two indexes, no contacts`,
      ),
      row("storage.vs_naive", perMessage / naivePerMessage, "ratio", "ours over naive"),
      row(
        "storage.message_bytes",
        used.bodyBytes / used.messages,
        "bytes",
        "on the ledger, each chunk being one; its fee goes by this",
      ),
      row("storage.wal_bytes_per_message", used.walBytes, "bytes", `pages of ${PAGE}, full page images included`),
      row("postgres.cpu_us_per_message", used.messageUs, "µs CPU", "each message more in a commit"),
      row(
        "postgres.cpu_us_per_commit",
        used.commitUs,
        "µs CPU",
        `at most 1500; a commit by itself, of pages of ${SMALL_PAGE} and ${PAGE}`,
      ),
      row(
        "postgres.cpu_us_per_read",
        readUs,
        "µs CPU",
        `at most 900; ${READS} reads, contacts and signals in turn, each of another user`,
      ),
      row("postgres.http_cpu_us_per_commit", used.httpCommitUs, "µs CPU", "planned again each time, as over HTTP"),
      row("postgres.http_cpu_us_per_read", httpReadUs, "µs CPU", "the same reads, planned again each time"),
    ];
  } finally {
    await Promise.all([ours.close(), http.close(), naive.close()]);
    await Promise.all([server.stop(), other.stop()]);
  }
}

const row = (name: string, value: number, unit: string, detail: string): BenchRow => ({ name, value, unit, detail });
const bytesOf = (sizes: ReadonlyMap<string, number>) => [...sizes.values()].reduce((sum, one) => sum + one, 0);
const parts = (sizes: ReadonlyMap<string, number>, messages: number) =>
  [...sizes]
    .slice(0, 4)
    .map(([name, bytes]) => `${name} ${Math.round(bytes / messages)}`)
    .join(", ");

/** A store and its connection. */
interface Measured {
  readonly postgres: MeasuredPostgres;
  readonly store: PostgresStore;
}

async function commitAll(history: Iterator<LedgerMessage>, ours: Measured, overHttp: Measured, naive: NaiveTable) {
  const { store } = ours;
  await addTopics(store.registry, HISTORY_TOPICS);
  const batches = new LedgerBatches(store.sync, HISTORY_PAYER);
  const edges = new Set<string>();
  const seen = { rows: 0, bodyBytes: 0, batches: 0 };
  const phase = async (messages: number, page: number, { postgres, store: { sync } } = ours) => {
    const used = { commits: 0, messages: 0, cpuUs: -postgres.cpuUs(), walBytes: -(await postgres.walBytes()) };
    for await (const batch of batches.of(take(history, messages), page)) {
      const outcome = await sync.commit(batch);
      if (outcome.kind !== "committed") throw new Error("a commit that nobody races met a conflict");
      used.commits += 1;
      used.messages += batch.entries.length;
      seen.rows += batch.rows.length;
      for (const { message } of batch.entries) seen.bodyBytes += message.length;
      for (const { userId, peerId } of batch.edges) edges.add(`${userId} ${peerId}`);
      if (seen.batches++ % NAIVE_EVERY === 0) await naive.insert(batch);
    }
    return { ...used, cpuUs: used.cpuUs + postgres.cpuUs(), walBytes: used.walBytes + (await postgres.walBytes()) };
  };
  const large = await phase(MESSAGES - 2 * SMALL_MESSAGES, PAGE);
  const small = await phase(SMALL_MESSAGES, SMALL_PAGE);
  const http = await phase(SMALL_MESSAGES, SMALL_PAGE, overHttp);
  // Two equations: commits · a + messages · b = CPU.
  const determinant = large.commits * small.messages - small.commits * large.messages;
  const messageUs = (large.commits * small.cpuUs - small.commits * large.cpuUs) / determinant;
  return {
    messages: large.messages + small.messages + http.messages,
    rows: seen.rows,
    bodyBytes: seen.bodyBytes,
    edges: edges.size,
    walBytes: large.walBytes / large.messages,
    commitUs: (large.cpuUs * small.messages - small.cpuUs * large.messages) / determinant,
    messageUs,
    httpCommitUs: (http.cpuUs - http.messages * messageUs) / http.commits,
  };
}

/** µs of CPU of one read. */
async function read(people: readonly DemoPerson[], { views }: PostgresStore, ours: MeasuredPostgres): Promise<number> {
  const page = { types: [], beforeNs: null, limit: 51, maxRows: 10_000 };
  const before = ours.cpuUs();
  for (let i = 0; i < READS; i += 1) {
    const userId = people[Math.floor((i * people.length) / READS)]?.userId as UserId;
    const { position } = i % 2 === 0 ? await views.contacts(userId) : await views.signals(userId, page);
    if (position === 0) throw new Error("a reader of the bench has nothing to read");
  }
  return (ours.cpuUs() - before) / READS;
}
