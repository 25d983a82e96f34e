import { sql } from "drizzle-orm";
import type { Database } from "../drivers/database";
import { template } from "../sql/template";

/** The database's clock, in milliseconds since 1970. */
export async function databaseTime(db: Database): Promise<number> {
  const nowMs = sql`(extract(epoch FROM clock_timestamp()) * 1000)::bigint`.mapWith(Number);
  const [row] = await db.ask(template({ nowMs }, (columns) => sql`SELECT ${columns}`));
  return row?.nowMs ?? Number.NaN;
}
