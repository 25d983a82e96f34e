/** The statements of a user's signals: a page of them, and what a stream has missed. */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, topicLog, userSegments } from "../../../../../drizzle/schema";
import type { TopicId, UserId } from "../../../../core/ledger/ids";
import { orNull } from "../../sql/expressions";
import {
  type NamedParameters,
  type Naming,
  parameters,
  preparedTemplate,
  type RowOf,
  UNNAMED,
} from "../../sql/template";
import {
  BESIDE,
  FIRST_POSITION,
  FOUND,
  forReader,
  h,
  ofReader,
  type Reader,
  ROWS_OF_USER,
  r,
  signalsOf,
  withPage,
} from "./pages";
import { DROPPED_NS, fromBothForReader, IS_DAMAGED, PACKED_NS } from "./row-sources";

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

const pageOf = (columns: SQL, rows: SQL, order: SQL) => withPage(columns, signalsOf(rows), order);

export interface PageValues extends Reader {
  readonly beforeNs: bigint;
  readonly limit: number;
  readonly maxRows: number;
}

const newest = <V extends PageValues>(values: NamedParameters<V>, isWanted: SQL | undefined) =>
  fromBothForReader((rows, naming) =>
    preparedTemplate(
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
export const NEWEST = newest(parameters<PageValues>(), undefined);

export interface TypedPageValues extends PageValues {
  readonly types: readonly number[];
  readonly names: readonly string[];
}

const typed = parameters<TypedPageValues>();

/** The same for some types: those that have a number, and those that have only a name. */
export const NEWEST_OF_TYPES = newest(
  typed,
  sql`(${r.typeNo} = ANY (${typed("types")}::smallint[]) OR ${r.typeName} = ANY (${typed("names")}::text[]))`,
);

export interface MissedValues extends Reader {
  readonly position: number;
  readonly limit: number;
}

const missed = parameters<MissedValues>();

/** A position as a number of the user's rows. One of an earlier epoch comes before all rows, one of a later epoch after them. */
const ASKED = sql`greatest(least(${missed("position")}::bigint - ${FIRST_POSITION}, 2147483647), 0)`;

const DROPPED_N = sql`coalesce(${ofReader(h.droppedN)}, 0)`;

/** The page begins after `DROPPED_N` at the earliest, because some positions up to it no longer have a row. */
const AFTER = sql`(SELECT greatest(${ASKED}, ${DROPPED_N}))`;

/** How many rows the page must have: after `AFTER` the numbers of rows have no gaps. */
const WANTED = sql`(SELECT greatest(least(${ROWS_OF_USER} - ${AFTER}, ${missed("limit")}::integer), 0))`;

const MISSED_FIELDS = {
  ...FIELDS,
  hasDropped: sql<boolean>`${ASKED} < ${DROPPED_N}`,
  isShort: sql<boolean>`${WANTED} > (SELECT count(*) FROM page)`,
};

const isMissed = (me: SQL) =>
  sql`${r.userNo} = ${me} AND ${r.n} > ${AFTER} AND ${r.n} <= ${AFTER} + ${missed("limit")}::integer`;

/** The number of wanted rows is known, so the search goes back from the newest row and ends with the last wanted one. */
const unpackedAfter = (me: SQL, limit: SQL) =>
  sql`SELECT * FROM ${hcsMessages} ${r} WHERE ${isMissed(me)} ORDER BY ${r.consensusNs} DESC LIMIT ${limit}`;

const packedAfter = (me: SQL) => sql`SELECT ${r}.* FROM ${userSegments} ${s}, rows_in(${s}) ${r}
  WHERE ${s.userNo} = ${me} AND ${s.lastN} > ${AFTER} AND ${s.firstN} <= ${AFTER} + ${missed("limit")}::integer AND ${isMissed(me)}`;

/** The positions inside a damaged segment are not known, and other rows may have some of them. */
const allAfter = (me: SQL) => sql`WITH packed AS MATERIALIZED (${packedAfter(me)})
  SELECT * FROM packed UNION ALL (${unpackedAfter(me, sql`(SELECT ${WANTED} - count(*) FILTER (WHERE NOT ${IS_DAMAGED}) FROM packed ${r})`)})`;

/** A page that is cut must not end between a row and one of a damaged segment with the same position. */
const BY_POSITION = sql`position, ref DESC`;

const missedIn = (rows: (me: SQL) => SQL, naming?: Naming) =>
  forReader(
    (me, how) => preparedTemplate(missed, MISSED_FIELDS, (columns) => pageOf(columns, rows(me), BY_POSITION), how),
    naming,
  );

/** Signals after a position. Without segments a page may lack rows, and then it `isShort`. */
export const MISSED = { unpacked: missedIn((me) => unpackedAfter(me, WANTED)), all: missedIn(allAfter, UNNAMED) };
