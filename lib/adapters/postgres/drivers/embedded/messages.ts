/** Messages between the server's thread and the database's. They cross by structured clone. */
import type { Results } from "@electric-sql/pglite";
import type { RowMode } from "./engine";

/** The thread's `workerData`. */
export interface Opening {
  readonly dataDir: string;
  readonly isFresh: boolean;
}

export interface Ask {
  readonly text: string;
  readonly params: unknown[];
  readonly rowMode: RowMode;
}

/** Messages to the thread. Each `Ask` is answered in turn; `close` ends the thread. */
export type ToThread = Ask | "close";

/**
 * Messages from the thread. The first says whether the database was opened. Each other one answers the oldest statement that has
 * no answer.
 */
export type FromThread =
  | { readonly kind: "opened" }
  | { readonly kind: "rows"; readonly results: Results }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "broken"; readonly cause: unknown };

/** An error of the server itself. A clone of an Error has no members of its own, so they travel beside the message. */
export interface Refusal {
  readonly message: string;
  readonly members: Readonly<Record<string, string>>;
}

/** PostgreSQL's fields of an error. PGlite adds the statement and its values, which no log may hold. */
const MEMBERS = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "routine",
] as const;

/** The error as it travels; null if it is not the server's own. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof Error) || !("severity" in error) || !("code" in error)) return null;
  const members = MEMBERS.flatMap((name) => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return { message: error.message, members: Object.fromEntries(members) };
}

/** Undoes `refusalOf`: the server's error, with its SQLSTATE. */
export const errorOf = ({ message, members }: Refusal): Error => Object.assign(new Error(message), members);

/** Puts Buffers in place of the bytes in rows: a clone of a Buffer is a Uint8Array, and readers use a Buffer's methods. */
export function withBuffers({ fields, rows, ...rest }: Results): Results {
  const byName = fields.flatMap(({ name, dataTypeID }) => (BYTES.has(dataTypeID) ? [name] : []));
  const byPlace = fields.flatMap(({ dataTypeID }, i) => (BYTES.has(dataTypeID) ? [i] : []));
  if (byName.length > 0) {
    for (const row of rows as Record<string | number, unknown>[])
      for (const key of Array.isArray(row) ? byPlace : byName) row[key] = buffered(row[key]);
  }
  return { fields, rows, ...rest };
}

/** Object ids of the types `bytea` and `bytea[]` (PostgreSQL, pg_type.dat). */
const BYTES: ReadonlySet<number> = new Set([17, 1001]);

function buffered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(buffered);
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}
