/** The statements about the server itself: its clock, and the sizes of its tables. */
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
  /** The server's estimate; -1 for a table that it has never looked through. PGlite never does. */
  rows: sql`c.reltuples::bigint`.mapWith(Number),
  tableBytes: sql`pg_table_size(c.oid)`.mapWith(Number),
  /** The rows themselves, without what is kept beside them. */
  heapBytes: sql`pg_relation_size(c.oid)`.mapWith(Number),
  indexBytes: sql`pg_indexes_size(c.oid)`.mapWith(Number),
  // A subquery, so that it is computed once: it looks at every file of the database, and otherwise would do so for each relation.
  databaseBytes: sql`(SELECT pg_database_size(current_database()))`.mapWith(Number),
};

/** Tables and their partitions. */
export const RELATION_SIZES = template(
  RELATION,
  (columns) => sql`SELECT ${columns}
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname`,
);

/**
 * At most this many bytes of all tables together are counted. PGlite serves nobody else meanwhile: 9 MB took 70 ms, and 270 ms on
 * a busy machine.
 */
const COUNTED_BYTES = 8_000_000;

const COUNT = { name: sql<string>`r.name`, rows: sql`r.rows`.mapWith(Number) };

interface ToCount {
  readonly name: string;
  readonly heapBytes: number;
}

/** Counts the rows of tables, at least one. Small tables are counted as a whole, large ones by a sample of their blocks. */
export const countRows = (tables: readonly ToCount[], countedBytes = COUNTED_BYTES) =>
  template(
    COUNT,
    (columns) => sql`SELECT ${columns} FROM (${sql.join(countsOf(tables, countedBytes), sql` UNION ALL `)}) r`,
  );

/** Starts with the smallest table. What it leaves of its share goes to the others. */
function countsOf(tables: readonly ToCount[], countedBytes: number): SQL[] {
  let left = countedBytes;
  return [...tables]
    .sort((a, b) => a.heapBytes - b.heapBytes)
    .map(({ name, heapBytes }, i) => {
      const bytes = Math.min(heapBytes, left / (tables.length - i));
      left -= bytes;
      return countOf(name, heapBytes === 0 ? 1 : bytes / heapBytes);
    });
}

function countOf(name: string, share: number): SQL {
  const table = sql.identifier(name);
  if (share === 1) return sql`SELECT ${name}::text AS name, count(*) AS rows FROM ${table}`;
  return sql`SELECT ${name}::text AS name, round(count(*) / ${share}::float8) AS rows
    FROM ${table} TABLESAMPLE SYSTEM (${share * 100}::float8)`;
}
