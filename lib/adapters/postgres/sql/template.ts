/**
 * Statements that drizzle's query builder cannot express, or that it would build again for every read. They are `sql` templates over
 * the columns of the schema. Their rows are typed and decoded as those of the builder are.
 */
import { createHash } from "node:crypto";
import { Column, type DriverValueDecoder, type GetColumnData, is, type Placeholder, type SQL, sql } from "drizzle-orm";
import { type PgColumn, PgDialect } from "drizzle-orm/pg-core";
import type { Queries, Statement } from "../drivers/database";

/** The columns of an answer: columns of tables, or expressions that say how they are decoded (`mapWith`). */
export type AnswerColumns = Readonly<Record<string, PgColumn | SQL>>;

/** The row that a statement with these columns answers. */
export type RowOf<F extends AnswerColumns> = {
  readonly [K in keyof F]: F[K] extends PgColumn ? GetColumnData<F[K]> : F[K] extends SQL<infer T> ? T : never;
};

const dialect = new PgDialect();

/** Turns SQL without values into text, once. A template that holds it then copies the text. */
export function constantSql(text: SQL): SQL {
  const { sql: built, params } = dialect.sqlToQuery(text);
  return params.length === 0 ? sql.raw(built) : text;
}

const lists = new WeakMap<AnswerColumns, SQL>();

/** The list of columns behind SELECT or RETURNING. */
function listOf(fields: AnswerColumns): SQL {
  const list = lists.get(fields) ?? constantSql(sql.join(Object.values(fields), sql`, `));
  lists.set(fields, list);
  return list;
}

/** A statement with its values in place. `text` builds it, given the list of columns for SELECT or RETURNING. No plan is kept. */
export function template<F extends AnswerColumns>(
  fields: F,
  text: (columns: SQL) => SQL,
): Statement<readonly RowOf<F>[]> {
  const send = sending(fields, text, UNNAMED);
  return (db) => send(db, {});
}

/** As `template`, for a text that is sent often with different values: each connection keeps its plan. */
export function recurringTemplate<F extends AnswerColumns>(
  fields: F,
  text: (columns: SQL) => SQL,
): Statement<readonly RowOf<F>[]> {
  const send = sending(fields, text, nameOf);
  return (db) => send(db, {});
}

/** Names the values of a prepared statement. */
export interface NamedParameters<V> {
  (name: keyof V & string): Placeholder;
  /** For the compiler alone. */
  readonly values?: V;
}

/** Placeholders for the values of type `V`. The compiler refuses a name that `V` does not have. */
export const parameters =
  <V extends object>(): NamedParameters<V> =>
  (name) =>
    sql.placeholder(name);

interface Preparable<T> {
  toSQL(): { readonly sql: string };
  prepare(name: string): Prepared<T>;
}

/** The name of a statement with this text. */
export type Naming = (text: string) => string;

/**
 * For a statement that is sent seldom: the server forgets it as soon as it has run. Each kept plan takes 10 to 700 kB of each
 * connection's memory (docs/operations.md), and planning takes half a millisecond. Readers' views are worth it, and so are commits.
 */
export const UNNAMED: Naming = () => "";

/**
 * A connection keeps the plan of a statement that has a name (`lib/adapters/postgres/drivers/pool.ts`). The name follows from the
 * text: a pooler may hand the connection to another version of this app, and the same name must not mean another text there.
 */
const nameOf: Naming = (text) => createHash("sha256").update(text).digest("base64url").slice(0, NAME_LENGTH);

/** 144 bits. PostgreSQL cuts names off after 63 characters. */
const NAME_LENGTH = 24;

/**
 * A query of drizzle's builder that is built once for each connection, and sent with different values. Connections keep its plan,
 * unless it is `UNNAMED`.
 */
export function preparedQuery<V extends object, T>(
  _: NamedParameters<V>,
  build: (db: Queries) => Preparable<T>,
  naming = nameOf,
): (values: V) => Statement<T> {
  const send = onEach((db) => {
    const query = build(db);
    return query.prepare(naming(query.toSQL().sql));
  });
  return (values) => (db) => send(db, values);
}

/** A statement that is built once, and sent with different values. Connections keep its plan, unless it is `UNNAMED`. */
export function preparedTemplate<V extends object, F extends AnswerColumns>(
  _: NamedParameters<V>,
  fields: F,
  text: (columns: SQL) => SQL,
  naming = nameOf,
): (values: V) => Statement<readonly RowOf<F>[]> {
  const send = sending(fields, text, naming);
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
function readerOf<F extends AnswerColumns>(fields: F): (rows: unknown[][]) => RowOf<F>[] {
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
function sending<F extends AnswerColumns>(fields: F, text: (columns: SQL) => SQL, naming: Naming) {
  const query = dialect.sqlToQuery(text(listOf(fields)));
  const name = naming(query.sql);
  const read = readerOf(fields);
  return onEach((db) =>
    db._.session.prepareQuery<{ execute: readonly RowOf<F>[]; all: never; values: never }>(
      query,
      undefined,
      name,
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
