/**
 * Statements that drizzle's query builder has no words for, or that it would build again for every read: `sql` templates over the
 * columns of the schema, whose rows are typed and decoded as those of the builder are.
 */
import { type GetColumnData, type Placeholder, type Query, type SQL, sql } from "drizzle-orm";
import { type PgColumn, PgDialect } from "drizzle-orm/pg-core";
import type { Queries, Statement } from "../drivers/database";

/** The columns of an answer: columns of tables, or expressions that say how they are decoded (`mapWith`). */
export type Fields = Readonly<Record<string, PgColumn | SQL>>;

export type RowOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends PgColumn ? GetColumnData<F[K]> : F[K] extends SQL<infer T> ? T : never;
};

/** The list of columns behind SELECT or RETURNING. */
const listOf = (fields: Fields): SQL => sql.join(Object.values(fields), sql`, `);

const dialect = new PgDialect();

/** A statement with its values in place. `text` puts the list of columns behind SELECT or RETURNING. */
export function template<F extends Fields>(fields: F, text: (columns: SQL) => SQL): Statement<readonly RowOf<F>[]> {
  const query = dialect.sqlToQuery(text(listOf(fields)));
  return (db) => send(db, query, fields, {});
}

/** Names the values of a prepared statement. */
export interface Given<V> {
  (name: keyof V & string): Placeholder;
  /** For the compiler alone. */
  readonly values?: V;
}

export const given =
  <V extends object>(): Given<V> =>
  (name) =>
    sql.placeholder(name);

/** A statement that is built once, and sent with different values. */
export function prepared<V extends object, F extends Fields>(
  _: Given<V>,
  fields: F,
  text: (columns: SQL) => SQL,
): (values: V) => Statement<readonly RowOf<F>[]> {
  const query = dialect.sqlToQuery(text(listOf(fields)));
  return (values) => (db) => send(db, query, fields, values);
}

function send<F extends Fields>(db: Queries, query: Query, fields: F, values: object): Promise<readonly RowOf<F>[]> {
  const columns = Object.entries(fields).map(([name, field]) => ({ path: [name], field }));
  return db._.session
    .prepareQuery<{ execute: RowOf<F>[]; all: never; values: never }>(query, columns, undefined, true)
    .execute({ ...values });
}
