/**
 * The speed of commits and syncs on PostgreSQL while a separate process packs with an instance's pauses, divided by their speed
 * without it. Both alternate in one run, so that noise hits both alike.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore } from "@/lib/adapters/postgres/store";
import type { TopicId } from "@/lib/core/ledger/ids";
import { spawnDevnet } from "@/lib/devnet/spawn";
import type { Packed } from "@/lib/engine/repair/pack";
import type { BatchStore } from "@/lib/ports/store/sync/batch-store";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { addTopics } from "@/tests/support/stores/add-topics";
import { pagesOf, type World } from "../../support/batches";
import { type Packer, startPacker } from "../../support/postgres/packer";
import { median } from "../../support/statistics";
import type { BenchRow } from "../../types";
import { synced } from "./sync";

export const names = ["commit.packing.ratio", "sync.packing.ratio"];

/** The older messages. Each person has rows for two segments. */
const BACKLOG: World = { topicId: "0.0.8000" as TopicId, startNs: 1_600_000_000_000_000_000n, users: 700, seed: 1 };
const BACKLOG_MESSAGES = 280_000;
/** A third of these people have older messages too. */
const USERS = 2_100;
const MESSAGES = 10_000;
const PAGE = 500;
const COMMIT_RUNS = 9;
const AT_ONCE_RUNS = 3;
const SYNC_RUNS = 5;
/** About 30 messages each. */
const DEVNET_PEOPLE = 700;

export async function run(): Promise<readonly BenchRow[]> {
  const server = await startPostgres();
  try {
    const url = await server.createDatabase();
    await fill(url);
    return [await commitRow(await copyOf(server, url, "commits")), await syncRow(server, url)];
  } finally {
    await server.stop();
  }
}

async function fill(url: string): Promise<void> {
  const store = await openStore(openPg(url), "devnet");
  await addTopics(store.registry, [{ topicId: BACKLOG.topicId, kinds: ["contact"] }]);
  await commitAll(store.sync, BACKLOG, BACKLOG_MESSAGES);
  await store.close();
  // This topic is not on the devnet, so the sync must not ask for it.
  await asked(url, "DELETE FROM shards");
}

async function asked(url: string, text: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(text);
  await client.end();
}

async function commitAll(sync: BatchStore, world: World, messages: number): Promise<number> {
  const pages = pagesOf(world, messages, PAGE);
  const startMs = performance.now();
  for (const page of pages) {
    const outcome = await sync.commit(page);
    if (outcome.kind !== "committed") throw new Error("a commit that nobody races met a conflict");
  }
  return (messages * 1_000) / (performance.now() - startMs);
}

async function copyOf(server: PostgresServer, url: string, name: string): Promise<string> {
  const copy = new URL(url);
  copy.pathname = `/${name}`;
  await asked(server.url, `CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)} STRATEGY FILE_COPY`);
  return copy.href;
}

interface Pair {
  readonly alone: number;
  readonly beside: number;
  readonly packed: Packed;
}

/** Measures both, in an order that changes from pair to pair. */
async function pairs(
  count: number,
  alone: () => Promise<number>,
  beside: () => Promise<readonly [number, Packed]>,
): Promise<readonly Pair[]> {
  const found: Pair[] = [];
  for (let i = 0; i < count; i += 1) {
    const first = i % 2 === 0 ? await alone() : null;
    const [speed, packed] = await beside();
    found.push({ alone: first ?? (await alone()), beside: speed, packed });
  }
  return found;
}

const ratioOf = (of: readonly Pair[]): number => median(of.map(({ alone, beside }) => beside / alone));

function rowOf(name: string, of: readonly Pair[], detail: string): BenchRow {
  const each = (pick: (pair: Pair) => number) => Math.round(median(of.map(pick))).toLocaleString("en");
  const ratios = of.map(({ alone, beside }) => (beside / alone).toFixed(2)).sort();
  const speeds = `${each(({ beside }) => beside)}/s against ${each(({ alone }) => alone)}/s`;
  const packed = `${each(({ packed }) => packed.messages)} messages and ${each(({ packed }) => packed.rows)} rows packed meanwhile`;
  return {
    ...{ name, value: ratioOf(of), unit: "ratio" },
    detail: `at least 0.9; ${speeds}, ${packed}; ${ratios[0]} to ${ratios.at(-1)} in ${of.length} pairs; ${detail}`,
  };
}

async function commitRow(url: string): Promise<BenchRow> {
  const store = await openStore(openPg(url), "devnet");
  const packer = await startPacker(url);
  let topics = 0;
  const commits = async () => {
    topics += 1;
    const topicId = `0.0.${9_000 + topics}` as TopicId;
    await addTopics(store.registry, [{ topicId, kinds: ["contact"] }]);
    const startNs = BigInt(Date.now()) * 1_000_000n + BigInt(topics) * 1_000_000_000_000n;
    return commitAll(store.sync, { topicId, startNs, users: USERS, seed: topics }, MESSAGES);
  };
  try {
    // Warms up.
    await commits();
    const measured = await pairs(COMMIT_RUNS, commits, () => packer.during("in background", commits));
    const atOnce = await pairs(AT_ONCE_RUNS, commits, () => packer.during("at once", commits));
    return rowOf(
      "commit.packing.ratio",
      measured,
      `pages of ${PAGE}; ${ratioOf(atOnce).toFixed(2)} beside a packer without pauses`,
    );
  } finally {
    await packer.stop();
    await store.close();
  }
}

async function syncRow(server: PostgresServer, url: string): Promise<BenchRow> {
  const directory = mkdtempSync(join(tmpdir(), "bench-packing-"));
  const devnet = await spawnDevnet({
    ...{ dataDir: join(directory, "devnet"), people: DEVNET_PEOPLE, trickleMs: 0, grpc: false },
  });
  let copies = 0;
  const sync = async <T>(act: (databaseUrl: string, speed: () => Promise<number>) => Promise<T>): Promise<T> => {
    copies += 1;
    const copy = await copyOf(server, url, `sync_${copies}`);
    return act(copy, async () => (await synced(devnet, openPg(copy))).value);
  };
  const beside = () =>
    sync(async (copy, speed) => {
      const packer: Packer = await startPacker(copy);
      return packer.during("in background", speed).finally(() => packer.stop());
    });
  try {
    const measured = await pairs(SYNC_RUNS, () => sync((_, speed) => speed()), beside);
    return rowOf(
      "sync.packing.ratio",
      measured,
      "a devnet of four topics; devnet, app, packer and PostgreSQL share two cores",
    );
  } finally {
    await devnet.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
