/** The statements of a user's signals: a page of them, and what a stream has missed. */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, topicLog } from "../../../../../drizzle/schema";
import type { TopicId, UserId } from "../../../../core/ledger/ids";
import { orNull } from "../../sql/expressions";
import { type Given, given, prepared, type RowOf } from "../../sql/template";
import {
  BESIDE,
  boundedRows,
  FIRST_POSITION,
  FOUND,
  ME,
  type Reader,
  ROWS_OF_USER,
  r,
  SIGNAL,
  withPage,
} from "./pages";

/** The columns of a signal in a page of `rows`. In the row that stands for an empty page `ref` is null, and so are all after it. */
export function signalIn(rows: string) {
  const b = alias(hcsMessages, rows);
  const column = (name: string) => sql`${sql.identifier(rows)}.${sql.identifier(name)}`;
  return {
    ref: orNull(b.ref),
    position: column("position").mapWith(Number),
    consensusNs: b.consensusNs,
    typeNo: b.typeNo,
    typeName: b.typeName,
    flags: b.flags,
    topicId: column("topic_id") as SQL<TopicId | null>,
    peerId: column("peer_id") as SQL<UserId | null>,
    size: column("size") as SQL<number | null>,
    body: column("body").mapWith(topicLog.body) as SQL<Uint8Array | null>,
  };
}

const FIELDS = { ...BESIDE, found: FOUND, ...signalIn("b") };
export type SignalAnswer = RowOf<typeof FIELDS>;

export const BOUNDED = sql`position, ref, consensus_ns, type_no, type_name, flags, topic_id, peer_id`;

/** A page of signals from rows `r` of the user, in an order of the page's columns. */
const pageOf = <V extends Reader>(values: Given<V>, rows: SQL, order: SQL) =>
  prepared(values, FIELDS, (columns) =>
    withPage(columns, sql`SELECT ${SIGNAL} FROM (${rows}) r`, boundedRows(BOUNDED, order)),
  );

export interface PageValues extends Reader {
  readonly beforeNs: bigint;
  readonly limit: number;
  readonly maxRows: number;
}

const newest = <V extends PageValues>(values: Given<V>, isOfType: SQL | undefined) =>
  pageOf(
    values,
    sql`SELECT * FROM ${hcsMessages} ${r} WHERE ${r.userNo} = ${ME} AND ${r.consensusNs} < ${values("beforeNs")}::bigint
      ${isOfType} AND ${r.n} > ${ROWS_OF_USER} - ${values("maxRows")}::integer
      ORDER BY ${r.consensusNs} DESC LIMIT ${values("limit")}::integer`,
    sql`consensus_ns DESC`,
  );

/** The newest signals before a time, of all types. */
export const NEWEST = newest(given<PageValues>(), undefined);

export interface TypedPageValues extends PageValues {
  readonly types: readonly number[];
  readonly names: readonly string[];
}

const typed = given<TypedPageValues>();

/** The same for some types: those that have a number, and those that have only a name. */
export const NEWEST_OF_TYPES = newest(
  typed,
  sql`AND (${r.typeNo} = ANY (${typed("types")}::smallint[]) OR ${r.typeName} = ANY (${typed("names")}::text[]))`,
);

export interface MissedValues extends Reader {
  readonly position: number;
  readonly limit: number;
}

const missed = given<MissedValues>();

/** A position as a number of the user's rows. One of an earlier epoch comes before all rows, one of a later epoch after them. */
const AFTER = sql`(SELECT greatest(least(${missed("position")}::bigint - ${FIRST_POSITION}, 2147483647), 0))`;

/**
 * Signals after a position. `n` has no gaps, so it is known how many rows are wanted, and the search from the newest row back
 * ends with the last of them.
 */
export const MISSED = pageOf(
  missed,
  sql`SELECT * FROM ${hcsMessages} ${r}
    WHERE ${r.userNo} = ${ME} AND ${r.n} > ${AFTER} AND ${r.n} <= ${AFTER} + ${missed("limit")}::integer
    ORDER BY ${r.consensusNs} DESC
    LIMIT (SELECT greatest(least(${ROWS_OF_USER} - ${AFTER}, ${missed("limit")}::integer), 0))`,
  sql`position`,
);
