/** The statement of how large tables and their partitions are, from PostgreSQL's own catalogue. */
import { type SQL, sql } from "drizzle-orm";
import { template } from "../sql/template";

const FIELDS = {
  name: sql<string>`c.relname`,
  partitionOf: sql`p.relname` as SQL<string | null>,
  /** The server's estimate. */
  rows: sql`greatest(c.reltuples, 0)::bigint`.mapWith(Number),
  tableBytes: sql`pg_table_size(c.oid)`.mapWith(Number),
  indexBytes: sql`pg_indexes_size(c.oid)`.mapWith(Number),
  // A subquery, so that it is computed once: it looks at every file of the database, and would do so for each relation.
  databaseBytes: sql`(SELECT pg_database_size(current_database()))`.mapWith(Number),
};

export const RELATION_SIZES = template(
  FIELDS,
  (columns) => sql`SELECT ${columns}
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname`,
);
