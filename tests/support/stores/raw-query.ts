/** Sends SQL as text, for tests that inspect or damage rows behind the stores. */
import { type SQL, sql } from "drizzle-orm";
import type { Database, Queries } from "@/lib/adapters/postgres/drivers/database";

export type RawRow = Readonly<Record<string, unknown>>;

/** The driver's rows. The text names its values `$1`, `$2`, …; `timeoutMs` is that of `Database.ask`. */
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

/** Puts the values in place of `$1`, `$2`, … */
function withValues(text: string, params: readonly unknown[]): SQL {
  const chunks = text.split(/\$(\d+)/);
  return sql.join(
    chunks.map((chunk, i) => (i % 2 === 0 ? sql.raw(chunk) : sql`${sql.param(params[Number(chunk) - 1])}`)),
  );
}
