/** Takes what a database has, and brings it back to that: what a restored backup or a copy that lagged is to us. */

import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { rawQuery } from "@/tests/support/stores/raw-query";

const TABLES = ["meta", "topics", "topic_gaps", "topic_log", "user_heads", "hcs_messages", "contact_edges", "profiles"];
const MORE = ["recognition_definitions", "account_bindings", "session_sign_outs", "shards", "tenants", "user_routes"];

/**
 * The database now, kept in a schema beside it. Resolves to what puts exactly that back, in one statement; the one before is
 * forgotten. Its tables are made once: new files for each time fill the memory that PGlite keeps them in.
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
    // People's numbers are given out again for others, as they would be.
    await rawQuery(
      db,
      `DO $$ BEGIN ${back}
      PERFORM setval('public.user_no', last_value, is_called) FROM kept.last_user; END $$`,
    );
  };
}
