/** From a devnet's REST, in a process of its own, to committed rows in PGlite and in PostgreSQL: fetch, check, decode, commit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryEventBus } from "@/lib/adapters/memory/memory-event-bus";
import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";
import { openStore } from "@/lib/adapters/postgres/store";
import { type DevnetHandle, spawnDevnet } from "@/lib/devnet/spawn";
import { Incidents } from "@/lib/engine/health/incidents";
import { MissedEvents } from "@/lib/engine/live/missed-events";
import { renamedBy } from "@/lib/engine/reads/invalidate";
import { RegistryCache } from "@/lib/engine/shards/registry-cache";
import { SyncScheduler } from "@/lib/engine/sync/sync-scheduler";
import { registeredTopics } from "@/lib/server/config/network";
import { sha384 } from "@/tests/support/mirrors/chain";
import { noSignatures } from "@/tests/support/mirrors/no-signatures";
import { startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import type { BenchRow } from "../../types";

export const names = ["sync.messages_per_s", "sync.pg.messages_per_s"];

/** About 30 messages each. */
const PEOPLE = 1_000;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

export async function run(): Promise<readonly BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), "bench-sync-"));
  const server = await startPostgres();
  const spawned = { dataDir: join(directory, "devnet"), people: PEOPLE, trickleMs: 0, grpc: false };
  const devnet = await spawnDevnet(spawned);
  try {
    const embedded = await synced(devnet, await openPglite(join(directory, "postgres")));
    const postgres = await synced(devnet, openPg(await server.createDatabase()));
    return [
      { name: "sync.messages_per_s", ...embedded, detail: `${embedded.detail}; the embedded database; at least 7000` },
      { name: "sync.pg.messages_per_s", ...postgres, detail: `${postgres.detail}; PostgreSQL; at least 9000` },
    ];
  } finally {
    await devnet.stop();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Reads all topics of the devnet into an empty database. Closes the database. */
export async function synced(devnet: DevnetHandle, database: Database): Promise<Omit<BenchRow, "name">> {
  const stores = await openStore(database, "devnet");
  try {
    const { contact, trust, recognition, profile } = devnet.topics;
    const topics = registeredTopics({
      contact: [contact],
      trust: [trust],
      recognition: [recognition],
      profile: [profile],
    });
    const registry = new RegistryCache({
      store: stores.registry,
      configured: topics,
      isShared: false,
      clock: systemClock,
      log: quiet,
    });
    await registry.open();
    const bus = new MemoryEventBus();
    const scheduler = new SyncScheduler({
      store: stores.sync,
      // No mirror budget, because the row measures the pipeline and not the wait.
      ledger: new MirrorLedger({ urls: [devnet.restUrl], clock: systemClock, reserve: async () => 0 }),
      bus,
      missed: new MissedEvents({ bus, clock: systemClock, log: quiet }),
      renamedBy: (profiles) => renamedBy(stores.views, profiles),
      hot: new MemoryHotCache(systemClock),
      stamp: stores.stamp,
      clock: systemClock,
      log: quiet,
      random: Math.random,
      incidents: new Incidents({ clock: systemClock, log: quiet }),
      sha384,
      trustedPayers: new Set([devnet.operatorId]),
      signatures: noSignatures,
      registry,
      gateMs: 1_000,
      freshnessTargetMs: 2_000,
      policy: {
        gapGraceMs: 120_000,
        holeBackoff: { baseMs: 100, maxMs: 100 },
        faultBackoff: { baseMs: 100, maxMs: 100 },
      },
    });
    const startMs = performance.now();
    const reports = await scheduler.syncNow();
    const seconds = (performance.now() - startMs) / 1_000;
    const added = reports.reduce((sum, report) => sum + report.added, 0);
    if (reports.some(({ complete }) => !complete))
      throw new Error(`the sync did not complete: ${reports.map(({ error }) => error).join()}`);
    return {
      value: added / seconds,
      unit: "messages/s",
      detail: `${added} messages of four topics in ${seconds.toFixed(1)} s; devnet and app share two cores`,
    };
  } finally {
    await stores.close();
  }
}
