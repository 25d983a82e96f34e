/** One database for all test files of a worker. Each test empties it, because a new PGlite takes over a second. */

import type { Database } from "@/lib/adapters/postgres/drivers/database";
import type { StatementsOptions } from "@/lib/adapters/postgres/drivers/statements";
import { openStore } from "@/lib/adapters/postgres/store";
import type { Stores } from "@/lib/server/boot/app";
import { type RawRow, rawQuery } from "@/tests/support/stores/raw-query";
import { openTestDatabase } from "../servers/set-up";
import { databaseSnapshot } from "./database-snapshot";

/** Tables with many partitions. */
const BIG_TABLES = [
  "topic_gaps",
  "topic_log",
  "topic_segments",
  "packed_parts",
  "user_segments",
  "user_heads",
  "hcs_messages",
  "contact_edges",
  "profiles",
  "recognition_definitions",
];

let shared: Promise<Database> | null = null;

/** Stores on an empty database, as at a first start. Only one test at a time may use them. `close` leaves the database open. */
export async function emptyStores(network = "devnet", options: { readonly isStrict?: boolean } = {}): Promise<Stores> {
  const isFirst = shared === null;
  shared ??= openTestDatabase();
  const db = await shared;
  if (!isFirst) await rawQuery(db, "UPDATE meta SET network = $1::text", [network]);
  const opened = await openStore(db, network, options);
  // TRUNCATE makes new files for every partition. After a few hundred times that takes PGlite 300 ms, so rows are deleted.
  await rawQuery(db, `DO $$ BEGIN ${BIG_TABLES.map((name) => `DELETE FROM ${name};`).join(" ")} END $$`);
  await rawQuery(
    db,
    "TRUNCATE topics, shards, tenants, user_routes, account_bindings, session_sign_outs, admin_audit RESTART IDENTITY",
  );
  await rawQuery(db, "UPDATE meta SET epoch = 0, registry_version = 0, swept_through = 0, swept_user = 0");
  return { ...opened, close: async () => {} };
}

/** Stores of another, freshly started instance on the same database. `wrap` may wrap its connection. */
export async function moreStores(
  wrap: (db: Database) => Database = (db) => db,
  options: StatementsOptions = {},
): Promise<Stores> {
  const db = await (shared ?? openTestDatabase());
  return { ...(await openStore(wrap(db), "devnet", options)), close: async () => {} };
}

/** Saves the database. Resolves to a function that restores it. */
export async function savedDatabase(): Promise<() => Promise<void>> {
  return databaseSnapshot(await (shared ?? openTestDatabase()));
}

/** Runs a statement on the database, for tests that damage rows. */
export async function damage(statement: string): Promise<void> {
  if (shared !== null) await rawQuery(await shared, statement);
}

/** The rows of a query on the database. */
export async function stored(query: string): Promise<readonly RawRow[]> {
  return rawQuery(await (shared ?? openTestDatabase()), query);
}
