/** The statements of a user's signals: a page of them, and what a stream has missed. */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, topicLog, userSegments } from "../../../../../drizzle/schema";
import type { TopicId, UserId } from "../../../../core/ledger/ids";
import { orNull } from "../../sql/expressions";
import { type Given, given, type Naming, prepared, type RowOf, UNNAMED } from "../../sql/template";
import {
  BESIDE,
  boundedRows,
  FIRST_POSITION,
  FOUND,
  h,
  ME,
  ofReader,
  type Reader,
  ROWS_OF_USER,
  r,
  SIGNAL,
  withPage,
} from "./pages";
import { DROPPED_NS, fromBoth, IS_DAMAGED, PACKED_NS } from "./row-sources";

const s = alias(userSegments, "s");

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

const FIELDS = { ...BESIDE, packedNs: PACKED_NS, droppedNs: DROPPED_NS, found: FOUND, ...signalIn("b") };
export type SignalAnswer = RowOf<typeof FIELDS>;

export const BOUNDED = sql`position, ref, consensus_ns, type_no, type_name, flags, topic_id, peer_id`;

const pageOf = (columns: SQL, rows: SQL, order: SQL) =>
  withPage(columns, sql`SELECT ${SIGNAL} FROM (${rows}) r`, boundedRows(BOUNDED, order));

export interface PageValues extends Reader {
  readonly beforeNs: bigint;
  readonly limit: number;
  readonly maxRows: number;
}

const newest = <V extends PageValues>(values: Given<V>, isWanted: SQL | undefined) =>
  fromBoth((rows, naming) =>
    prepared(
      values,
      FIELDS,
      (columns) =>
        pageOf(
          columns,
          rows({
            order: "newest",
            before: sql`${values("beforeNs")}::bigint`,
            limit: sql`${values("limit")}::integer`,
            isWanted,
            afterPosition: sql`${ROWS_OF_USER} - ${values("maxRows")}::integer`,
          }),
          sql`consensus_ns DESC`,
        ),
      naming,
    ),
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
  sql`(${r.typeNo} = ANY (${typed("types")}::smallint[]) OR ${r.typeName} = ANY (${typed("names")}::text[]))`,
);

export interface MissedValues extends Reader {
  readonly position: number;
  readonly limit: number;
}

const missed = given<MissedValues>();

/** A position as a number of the user's rows. One of an earlier epoch comes before all rows, one of a later epoch after them. */
const ASKED = sql`greatest(least(${missed("position")}::bigint - ${FIRST_POSITION}, 2147483647), 0)`;

const DROPPED_N = sql`coalesce(${ofReader(h.droppedN)}, 0)`;

/** Some positions through `DROPPED_N` have no row any more, and nobody looks for them. */
const AFTER = sql`(SELECT greatest(${ASKED}, ${DROPPED_N}))`;

/** How many rows the page has: beyond that `n` has no gaps. */
const WANTED = sql`(SELECT greatest(least(${ROWS_OF_USER} - ${AFTER}, ${missed("limit")}::integer), 0))`;

const MISSED_FIELDS = {
  ...FIELDS,
  hasDropped: sql<boolean>`${ASKED} < ${DROPPED_N}`,
  isShort: sql<boolean>`${WANTED} > (SELECT count(*) FROM page)`,
};

const IS_MISSED = sql`${r.userNo} = ${ME} AND ${r.n} > ${AFTER} AND ${r.n} <= ${AFTER} + ${missed("limit")}::integer`;

/** It is known how many rows are wanted, so the search from the newest row back ends with the last of them. */
const unpackedAfter = (limit: SQL) =>
  sql`SELECT * FROM ${hcsMessages} ${r} WHERE ${IS_MISSED} ORDER BY ${r.consensusNs} DESC LIMIT ${limit}`;

const PACKED_AFTER = sql`SELECT ${r}.* FROM ${userSegments} ${s}, rows_in(${s}) ${r}
  WHERE ${s.userNo} = ${ME} AND ${s.lastN} > ${AFTER} AND ${s.firstN} <= ${AFTER} + ${missed("limit")}::integer AND ${IS_MISSED}`;

/** The positions inside a damaged segment are not known, and other rows may have some of them. */
const ALL_AFTER = sql`WITH packed AS MATERIALIZED (${PACKED_AFTER})
  SELECT * FROM packed UNION ALL (${unpackedAfter(sql`(SELECT ${WANTED} - count(*) FILTER (WHERE NOT ${IS_DAMAGED}) FROM packed ${r})`)})`;

/** A page that is cut must not end between a row and one of a damaged segment with the same position. */
const BY_POSITION = sql`position, ref DESC`;

const missedIn = (rows: SQL, naming?: Naming) =>
  prepared(missed, MISSED_FIELDS, (columns) => pageOf(columns, rows, BY_POSITION), naming);

/** Signals after a position. Without segments a page may lack rows, and then it `isShort`. */
export const MISSED = { unpacked: missedIn(unpackedAfter(WANTED)), all: missedIn(ALL_AFTER, UNNAMED) };
