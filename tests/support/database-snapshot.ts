/** Takes what a database has, and brings it back to that: what a restored backup or a copy that lagged is to us. */
import type { Database } from "@/lib/adapters/postgres/database";

const TABLES = ["meta", "topics", "topic_gaps", "topic_log", "user_heads", "hcs_messages", "contact_edges", "profiles"];
const MORE = ["recognition_definitions", "account_bindings", "session_sign_outs", "shards", "tenants", "user_routes"];

/** The database now, kept in a schema beside it. Resolves to what puts exactly that back, in one statement. */
export async function databaseSnapshot(db: Database): Promise<() => Promise<void>> {
  const tables = [...TABLES, ...MORE];
  const schema = `kept_${Math.random().toString(36).slice(2)}`;
  const copies = tables.map((name) => `CREATE TABLE ${schema}.${name} AS TABLE public.${name};`);
  await db.query(`DO $$ BEGIN CREATE SCHEMA ${schema}; ${copies.join(" ")}
    CREATE TABLE ${schema}.last_user AS SELECT last_value, is_called FROM public.user_no; END $$`);
  const back = tables.map(
    (name) => `DELETE FROM public.${name}; INSERT INTO public.${name} OVERRIDING SYSTEM VALUE TABLE ${schema}.${name};`,
  );
  return async () => {
    // People's numbers are given out again for others, as they would be.
    await db.query(`DO $$ BEGIN ${back.join(" ")}
      PERFORM setval('public.user_no', last_value, is_called) FROM ${schema}.last_user; END $$`);
  };
}
