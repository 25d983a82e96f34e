/** Sends SQL as text: for tests that look behind the stores, or damage what they hold. */
import { type SQL, sql } from "drizzle-orm";
import type { Database, Queries } from "@/lib/adapters/postgres/drivers/database";

export type RawRow = Readonly<Record<string, unknown>>;

/** Rows as the driver gives them. Values stand in the text as `$1`, `$2`, …; `timeoutMs` as in `Database.ask`. */
export function rawQuery(
  db: Database,
  text: string,
  params: readonly unknown[] = [],
  timeoutMs?: number,
): Promise<readonly RawRow[]> {
  return db.ask((queries) => rowsOf(queries, withValues(text, params)), timeoutMs);
}

async function rowsOf(queries: Queries, text: SQL): Promise<readonly RawRow[]> {
  const { rows } = (await queries.execute(text)) as { readonly rows: readonly RawRow[] };
  return rows;
}

/** "… $1 …" with the values in the places of their numbers. */
function withValues(text: string, params: readonly unknown[]): SQL {
  const chunks = text.split(/\$(\d+)/);
  return sql.join(
    chunks.map((chunk, i) => (i % 2 === 0 ? sql.raw(chunk) : sql`${sql.param(params[Number(chunk) - 1])}`)),
  );
}
