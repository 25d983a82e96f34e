/**
 * A month of the plan on PostgreSQL: 200 people with the plan's number of messages each. Messages and rows are packed as they become
 * old. Measures the bytes of a message after that (everything counted), the speed of packing, and the time to read an idle person's
 * newest page from segments.
 */
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore, type PostgresStore } from "@/lib/adapters/postgres/store";
import { toMs } from "@/lib/core/ledger/consensus-time";
import type { UserId } from "@/lib/core/ledger/ids";
import { type Packed, packOlder } from "@/lib/engine/repair/pack";
import { startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { addTopics } from "@/tests/support/stores/add-topics";
import { devnetHistory, HISTORY_PAYER, HISTORY_TOPICS, peopleOf } from "../../support/devnet-history";
import { LedgerBatches } from "../../support/ledger-batches";
import { MeasuredPostgres } from "../../support/postgres/measured-postgres";
import { median } from "../../support/statistics";
import { take } from "../../support/take";
import type { BenchRow } from "../../types";

export const names = ["storage.plan_bytes_per_message", "pack.messages_per_s", "read.cold_page_ms"];

const PEOPLE = 200;
const MESSAGES = 1_050_000;
const MONTH_NS = 30n * 86_400_000_000_000n;
const HOT_MS = 48 * 3_600_000;
/** Packing follows the month hour by hour. Instances do it every ten minutes. */
const HOURS = 30 * 24;
const HOUR_MESSAGES = Math.ceil(MESSAGES / HOURS);
const PAGE = 500;
const READS = 100;

export async function run(): Promise<readonly BenchRow[]> {
  const people = peopleOf(PEOPLE);
  const server = await startPostgres();
  const url = await server.createDatabase();
  const postgres = await MeasuredPostgres.connect(url);
  const store = await openStore(openPg(url), "bench");
  try {
    await addTopics(store.registry, HISTORY_TOPICS);
    const batches = new LedgerBatches(store.sync, HISTORY_PAYER);
    const history = devnetHistory(people, MESSAGES, MONTH_NS / BigInt(MESSAGES));
    const used = { messages: 0, packed: 0, rows: 0, packMs: 0 };
    for (let hour = 1; hour <= HOURS; hour += 1) {
      let lastMs = 0;
      for await (const batch of batches.of(take(history, HOUR_MESSAGES), PAGE)) {
        const outcome = await store.sync.commit(batch);
        if (outcome.kind !== "committed") throw new Error("a commit that nobody races met a conflict");
        used.messages += batch.entries.length;
        lastMs = Math.max(lastMs, ...batch.entries.map(({ consensusNs }) => toMs(consensusNs)));
      }
      const startMs = performance.now();
      const { messages, rows } = await packed(store, lastMs);
      used.packed += messages;
      used.rows += rows;
      used.packMs += performance.now() - startMs;
      // Autovacuum runs when a fiftieth of the rows is dead (migration 0015). Packing an hour makes that many dead rows.
      await postgres.run("VACUUM topic_log, hcs_messages");
    }
    const sizes = await postgres.sizes();
    const bytes = [...sizes.values()].reduce((sum, one) => sum + one, 0) / used.messages;
    const parts = [...sizes].slice(0, 7).map(([name, all]) => `${name} ${Math.round(all / used.messages)}`);
    const pages = await coldPages(
      store,
      people.map(({ userId }) => userId as UserId),
    );
    return [
      row(
        ...(["storage.plan_bytes_per_message", bytes, "bytes"] as const),
        `at most 95; ${used.messages.toLocaleString("en")} messages of ${PEOPLE} people in 30 days, the last 48 hours unpacked, VACUUM when autovacuum would come; ${parts.join(", ")}`,
      ),
      row(
        ...(["pack.messages_per_s", (used.packed / used.packMs) * 1_000, "messages/s"] as const),
        `at least 20,000; ${used.packed.toLocaleString("en")} messages and, meanwhile, ${used.rows.toLocaleString("en")} rows of people, ${Math.round((used.rows / used.packMs) * 1_000).toLocaleString("en")} a second`,
      ),
      row(
        ...(["read.cold_page_ms", pages.cold, "ms"] as const),
        `p50; at most 25; 50 signals, all packed; from rows ${pages.hot.toFixed(2)} ms`,
      ),
    ];
  } finally {
    await postgres.close();
    await server.stop();
  }
}

const row = (name: string, value: number, unit: string, detail: string): BenchRow => ({ name, value, unit, detail });

const packed = ({ sync }: PostgresStore, nowMs: number): Promise<Packed> =>
  packOlder(
    { store: sync, hotMs: HOT_MS, clock: { now: () => nowMs, monotonicMs: () => 0, sleep: async () => {} } },
    { pauseMs: 0, mostMs: 1, signal: new AbortController().signal },
  );

/** Medians, in milliseconds. A page from the middle of the month stands for an idle person's newest page. */
async function coldPages({ views }: PostgresStore, userIds: readonly UserId[]) {
  const cold: number[] = [];
  const hot: number[] = [];
  for (let i = 0; i < READS; i += 1) {
    const userId = userIds[i % userIds.length] as UserId;
    const page = { types: [], limit: 50, maxRows: 1_000_000 };
    const newest = await timed(hot, () => views.signals(userId, { ...page, beforeNs: null }));
    const beforeNs = ((newest.rows[0]?.consensusNs ?? 0n) - MONTH_NS / 2n) as typeof newest.nextBeforeNs;
    const older = await timed(cold, () => views.signals(userId, { ...page, beforeNs }));
    if (older.rows.length < 50) throw new Error("a person of the bench has too few packed signals");
  }
  return { cold: median(cold), hot: median(hot) };
}

async function timed<T>(into: number[], run: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  const value = await run();
  into.push(performance.now() - startMs);
  return value;
}
