import { sql } from "drizzle-orm";
import type { Database } from "../drivers/database";
import { template } from "../sql/template";

/** The time by the database's own clock, in milliseconds since 1970. */
export const DATABASE_MS = sql`(extract(epoch FROM clock_timestamp()) * 1000)::bigint`.mapWith(Number);

/** The database's clock, in milliseconds since 1970. */
export async function databaseTime(db: Database): Promise<number> {
  const [row] = await db.ask(template({ nowMs: DATABASE_MS }, (columns) => sql`SELECT ${columns}`));
  return row?.nowMs ?? Number.NaN;
}
