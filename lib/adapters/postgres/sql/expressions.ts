/** Small pieces of SQL over columns of the schema. */
import { type Column, type GetColumnData, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";

/** A column that an outer join may leave without a value. */
export const orNull = <C extends PgColumn>(column: C): SQL<GetColumnData<C> | null> =>
  sql<GetColumnData<C> | null>`${column}`.mapWith(column);

/** A number as part of a statement's text. */
export const literal = (value: number | bigint): SQL => sql.raw(String(value));

/** `"a", "b"`: columns by their bare names, as INSERT and SET want them. */
export const names = (...columns: readonly Column[]): SQL =>
  sql.join(
    columns.map(({ name }) => sql.identifier(name)),
    sql`, `,
  );

/** The value of a column in the row that INSERT could not add. */
export const excluded = (column: Column): SQL => sql`excluded.${sql.identifier(column.name)}`;

/** `"a" = excluded."a", …`: these columns take the values of the row that INSERT could not add. */
export const takeExcluded = (...columns: readonly Column[]): SQL =>
  sql.join(
    columns.map((column) => sql`${names(column)} = ${excluded(column)}`),
    sql`, `,
  );
