/** The statements of what the server says of itself: its clock, and the sizes of tables from its catalogue. */
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../drivers/database";
import { template } from "../sql/template";

/** The time by the database's own clock, in milliseconds since 1970. */
export const DATABASE_MS = sql`(extract(epoch FROM clock_timestamp()) * 1000)::bigint`.mapWith(Number);

/** The database's clock, in milliseconds since 1970. */
export async function databaseTime(db: Database): Promise<number> {
  const [row] = await db.ask(template({ nowMs: DATABASE_MS }, (columns) => sql`SELECT ${columns}`));
  return row?.nowMs ?? Number.NaN;
}

const RELATION = {
  name: sql<string>`c.relname`,
  partitionOf: sql`p.relname` as SQL<string | null>,
  /** The server's estimate. */
  rows: sql`greatest(c.reltuples, 0)::bigint`.mapWith(Number),
  tableBytes: sql`pg_table_size(c.oid)`.mapWith(Number),
  indexBytes: sql`pg_indexes_size(c.oid)`.mapWith(Number),
  // A subquery, so that it is computed once: it looks at every file of the database, and would do so for each relation.
  databaseBytes: sql`(SELECT pg_database_size(current_database()))`.mapWith(Number),
};

/** Tables and their partitions. */
export const RELATION_SIZES = template(
  RELATION,
  (columns) => sql`SELECT ${columns}
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname`,
);
