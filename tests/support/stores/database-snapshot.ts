/** Saves a database and restores it later, as a restored backup or a failover to a lagging copy does. */

import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { rawQuery } from "@/tests/support/stores/raw-query";

const TABLES = [
  "meta",
  "topics",
  "topic_gaps",
  "topic_log",
  "topic_segments",
  "packed_parts",
  "user_segments",
  "user_heads",
  "hcs_messages",
  "contact_edges",
  "profiles",
];
const MORE = ["recognition_definitions", "account_bindings", "session_sign_outs", "shards", "tenants", "user_routes"];

/**
 * Saves the database in a second schema, and replaces the earlier snapshot there. Resolves to a function that restores it in one
 * statement. The snapshot's tables are created once, because PGlite keeps the files of dropped tables in memory.
 */
export async function databaseSnapshot(db: Database): Promise<() => Promise<void>> {
  const each = (statement: (name: string) => string) => [...TABLES, ...MORE].map(statement).join(" ");
  await rawQuery(
    db,
    `DO $$ BEGIN CREATE SCHEMA IF NOT EXISTS kept;
    ${each((name) => `CREATE TABLE IF NOT EXISTS kept.${name} AS TABLE public.${name} WITH NO DATA;`)}
    CREATE TABLE IF NOT EXISTS kept.last_user AS SELECT last_value, is_called FROM public.user_no WITH NO DATA;
    ${each((name) => `DELETE FROM kept.${name}; INSERT INTO kept.${name} TABLE public.${name};`)}
    DELETE FROM kept.last_user; INSERT INTO kept.last_user SELECT last_value, is_called FROM public.user_no; END $$`,
  );
  const back = each(
    (name) => `DELETE FROM public.${name}; INSERT INTO public.${name} OVERRIDING SYSTEM VALUE TABLE kept.${name};`,
  );
  return async () => {
    // New users get the same numbers again, as after a real restore.
    await rawQuery(
      db,
      `DO $$ BEGIN ${back}
      PERFORM setval('public.user_no', last_value, is_called) FROM kept.last_user; END $$`,
    );
  };
}
