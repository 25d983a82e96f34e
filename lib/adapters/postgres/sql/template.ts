/**
 * Statements that drizzle's query builder has no words for, or that it would build again for every read: `sql` templates over the
 * columns of the schema, whose rows are typed and decoded as those of the builder are.
 */
import { Column, type DriverValueDecoder, type GetColumnData, is, type Placeholder, type SQL, sql } from "drizzle-orm";
import { type PgColumn, PgDialect } from "drizzle-orm/pg-core";
import type { Queries, Statement } from "../drivers/database";

/** The columns of an answer: columns of tables, or expressions that say how they are decoded (`mapWith`). */
export type Fields = Readonly<Record<string, PgColumn | SQL>>;

export type RowOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends PgColumn ? GetColumnData<F[K]> : F[K] extends SQL<infer T> ? T : never;
};

const dialect = new PgDialect();

/** Turns SQL without values into text, once. A template that holds it then copies the text. */
export function fixed(text: SQL): SQL {
  const { sql: built, params } = dialect.sqlToQuery(text);
  return params.length === 0 ? sql.raw(built) : text;
}

const lists = new WeakMap<Fields, SQL>();

/** The list of columns behind SELECT or RETURNING. */
function listOf(fields: Fields): SQL {
  const list = lists.get(fields) ?? fixed(sql.join(Object.values(fields), sql`, `));
  lists.set(fields, list);
  return list;
}

/** A statement with its values in place. `text` puts the list of columns behind SELECT or RETURNING. */
export function template<F extends Fields>(fields: F, text: (columns: SQL) => SQL): Statement<readonly RowOf<F>[]> {
  const send = sending(fields, text);
  return (db) => send(db, {});
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

interface Preparable<T> {
  prepare(name: string): Prepared<T>;
}

/** The server does not keep a statement without a name. A pooler may hand the next one to another connection. */
const UNNAMED = "";

/** A query of drizzle's builder that is built once for each connection, and sent with different values. */
export function built<V extends object, T>(
  _: Given<V>,
  build: (db: Queries) => Preparable<T>,
): (values: V) => Statement<T> {
  const send = onEach((db) => build(db).prepare(UNNAMED));
  return (values) => (db) => send(db, values);
}

/** A statement that is built once, and sent with different values. */
export function prepared<V extends object, F extends Fields>(
  _: Given<V>,
  fields: F,
  text: (columns: SQL) => SQL,
): (values: V) => Statement<readonly RowOf<F>[]> {
  const send = sending(fields, text);
  return (values) => (db) => send(db, values);
}

type Decoder = DriverValueDecoder<unknown, unknown>;

/** Drizzle keeps the decoder of an expression (`mapWith`) out of its types. */
const decoderOf = (field: PgColumn | SQL): Decoder =>
  is(field, Column) ? field : (Reflect.get(field, "decoder") as Decoder);

/**
 * Decodes rows as drizzle would. Drizzle looks up the kind of each column again for each row: reading 50 signals took a
 * quarter more of this process's time.
 */
function readerOf<F extends Fields>(fields: F): (rows: unknown[][]) => RowOf<F>[] {
  const names = Object.keys(fields);
  const decoders = Object.values(fields).map(decoderOf);
  return (rows) =>
    rows.map((values) => {
      const row: Record<string, unknown> = {};
      for (let i = 0; i < names.length; i++) {
        const value = values[i];
        row[names[i] as string] = value === null ? null : decoders[i]?.mapFromDriverValue(value);
      }
      return row as RowOf<F>;
    });
}

/** Builds a statement once, and prepares it once for each connection. */
function sending<F extends Fields>(fields: F, text: (columns: SQL) => SQL) {
  const query = dialect.sqlToQuery(text(listOf(fields)));
  const read = readerOf(fields);
  return onEach((db) =>
    db._.session.prepareQuery<{ execute: readonly RowOf<F>[]; all: never; values: never }>(
      query,
      undefined,
      undefined,
      true,
      read,
    ),
  );
}

interface Prepared<T> {
  execute(values: Record<string, unknown>): Promise<T>;
}

/** Prepares once for each connection, and sends with the values that it is given. */
function onEach<T>(prepare: (db: Queries) => Prepared<T>): (db: Queries, values: object) => Promise<T> {
  const known = new WeakMap<Queries, Prepared<T>>();
  return (db, values) => {
    const query = known.get(db) ?? prepare(db);
    known.set(db, query);
    return query.execute({ ...values });
  };
}
