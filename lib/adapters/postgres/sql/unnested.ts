/**
 * Rows as values of a statement, column by column: each column is one array. Every driver passes an array literal on as it is. A
 * page of 500 messages took PostgreSQL 6.0 ms and PGlite 9.3 ms to read in this form, and 12.0 and 15.4 ms as JSON with base64.
 */
import { type SQL, type SQLChunk, StringChunk, sql } from "drizzle-orm";
import { makePgArray, type PgColumn } from "drizzle-orm/pg-core";

export type Value = string | number | bigint | null;

/** A column of rows that are values of a statement. It has the type of a column of the schema. */
export interface ColumnOfValues {
  readonly like: PgColumn;
  readonly values: readonly Value[];
  readonly name: string;
}

/** A column of values: `value` of each row, with the type of column `like`. `name` is its name in the statement. */
export const columnOf = <R>(
  like: PgColumn,
  rows: readonly R[],
  value: (row: R, i: number) => Value,
  name = like.name,
): ColumnOfValues => ({ like, values: rows.map(value), name });

const casts = new WeakMap<PgColumn, StringChunk>();

/** `::type[]`. An array's elements have no collation of their own. */
function castOf(column: PgColumn): StringChunk {
  const cast = casts.get(column) ?? new StringChunk(`::${column.getSQLType().replace(/ COLLATE .*/, "")}[]`);
  casts.set(column, cast);
  return cast;
}

/** `$n::type[]` */
const arrayOf = ({ like, values }: Omit<ColumnOfValues, "name">): SQLChunk[] => [
  sql.param(makePgArray([...values])),
  castOf(like),
];

/** `column = ANY ($n::type[])`: one value, however many ids there are. */
export const isAnyOf = (column: PgColumn, values: readonly Value[]): SQL<boolean> =>
  sql<boolean>`${column} = ANY (${sql.join(arrayOf({ like: column, values }))})`;

const COMMA = new StringChunk(", ");

/**
 * `unnest(…) AS alias (a, b)`: rows whose columns are called by their names. With `place` they have one more column of that name:
 * their numbers from 1.
 */
export function unnested(alias: string, columns: readonly ColumnOfValues[], place?: string): SQL {
  // All in one list, because drizzle takes longer for nested ones.
  const arrays = sql.join(columns.flatMap((column, i) => (i === 0 ? arrayOf(column) : [COMMA, ...arrayOf(column)])));
  const called = [...columns.map(({ name }) => name), ...(place === undefined ? [] : [place])];
  const numbered = place === undefined ? undefined : sql` WITH ORDINALITY`;
  return sql`unnest(${arrays})${numbered} AS ${sql.raw(`${alias} (${called.join(", ")})`)}`;
}
