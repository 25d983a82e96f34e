/** One in-memory PGlite for a whole test file, emptied for each test: unpacking a fresh one takes over a second. */
import type { Database } from "@/lib/adapters/postgres/database";
import { openPglite } from "@/lib/adapters/postgres/pglite";
import { openStore } from "@/lib/adapters/postgres/store";
import type { Stores } from "@/lib/server/container";

let shared: Promise<Database> | null = null;

/** Stores on an empty database, as on a first start. Only one test at a time may use it; closing it leaves the database open. */
export async function emptyStores(network = "devnet"): Promise<Stores> {
  shared ??= openPglite({ memory: true });
  const db = await shared;
  const opened = await openStore(db, network);
  await opened.sync.rebuild();
  await db.query("TRUNCATE topics RESTART IDENTITY");
  await db.query("UPDATE meta SET epoch = 0");
  return { ...opened, close: async () => {} };
}
