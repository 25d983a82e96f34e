/**
 * The parts of the statements that read the views of one user.
 *
 * A connection over TCP plans such a statement once, for all 16 partitions. Neon over HTTP, the embedded database and poolers plan
 * it for each read. If the user's number is known from an earlier answer, it is a value of the statement (`forReader`): then the server
 * plans for the user's partition alone, or a kept plan opens only that one. Otherwise a scalar subquery takes the number from the
 * user's row (`READER`), which the server reads once before the rest. Joins to other tables are scalar subqueries, or lateral with a
 * limit. So they are index look-ups for the few rows of a page, whatever the statistics say (PGlite gathers none by itself). The table
 * of topics is the exception: it is so small that any join to it is cheap.
 *
 * On PostgreSQL with 1,000,000 messages of 20,000 users, one of them with 10,000 rows: planning 0.6 ms for 16 partitions and
 * half of that for one, the newest 50 signals 0.9 ms, what a stream missed 0.8 ms, contacts 0.5 ms; a type that the user does
 * not have (all 10,000 rows looked at) 3.6 ms round trip. The same before and after ANALYZE.
 */
import { type SQL, sql } from "drizzle-orm";
import { alias, type PgColumn } from "drizzle-orm/pg-core";
import { hcsMessages, meta, topics, userHeads } from "../../../../../drizzle/schema";
import { MAX_MESSAGE_BYTES, MAX_READ_BYTES } from "../../../../core/bounds";
import type { UserId } from "../../../../core/ledger/ids";
import { POSITIONS_PER_EPOCH } from "../../../../core/signals/position";
import { topicNoIn } from "../../codec/ref";
import type { Statement } from "../../drivers/database";
import { literal, orNull } from "../../sql/expressions";
import { messageOf, userIdOf } from "../../sql/references";
import { type Naming, UNNAMED } from "../../sql/template";
import { STAMP } from "../../stamp";

/** A value of every statement of a view: the user who reads. */
export interface Owner {
  readonly userId: UserId;
}

export interface Reader extends Owner {
  /** The user's number as an earlier answer had it; null if it is not known. The answer's `userNo` tells whether it is right. */
  readonly userNo: number | null;
}

export const USER = sql`${sql.placeholder("userId" satisfies keyof Owner)}::text`;

/** The user's row in user_heads. A user who is not known has none. */
export const h = alias(userHeads, "h");

/** The beginning of a statement that needs the user's row. The row is read once however often it is used, and not at all if unused. */
export const READER = sql`WITH ${h} AS MATERIALIZED (SELECT * FROM ${userHeads} WHERE ${userHeads.userId} = ${USER})`;

/** One row: the user's row as `h`, or nulls if the user is not known. */
export const FROM_READER = sql`FROM (SELECT 1) one LEFT JOIN ${h} ON true`;

/** A column of the user's row, where `h` is not in scope. */
export const ofReader = (column: PgColumn): SQL => sql`(SELECT ${column} FROM ${h})`;

/** The user's number, looked up in the user's row. */
export const NUMBER_OF_USER = ofReader(h.userNo);

const GIVEN_NUMBER = sql`${sql.placeholder("userNo" satisfies keyof Reader)}::integer`;

/**
 * A statement in two texts. The one for a user whose number is known compares with that value alone, because only then does the plan
 * that a connection keeps leave the other partitions alone: a read takes 15 % less of the server's CPU
 * (docs/measurements.md §4). The other text is sent once for a user, so no connection keeps its plan.
 */
export function forReader<V extends Reader, T>(
  build: (me: SQL, naming?: Naming) => (values: V) => Statement<T>,
  naming?: Naming,
): (values: V) => Statement<T> {
  const known = build(GIVEN_NUMBER, naming);
  const unknown = build(NUMBER_OF_USER, UNNAMED);
  return (values) => (values.userNo === null ? unknown : known)(values);
}

/** The user's number of rows; null for a user who is not known. */
export const ROWS_OF_USER = ofReader(h.head);

/** The position before the first row, in the current epoch. */
export const FIRST_POSITION = sql`(SELECT ${meta.epoch} FROM ${meta}) * ${literal(POSITIONS_PER_EPOCH)}::bigint`;

/** The user's head as a position: 0 if the user has no row. */
const HEAD = sql`CASE WHEN ${h.head} > 0 THEN ${FIRST_POSITION} + ${h.head} ELSE 0 END`.mapWith(Number);

/** Columns that every page answers with: the store's stamp, and the user's head and number. */
export const BESIDE = { stamp: STAMP, head: HEAD, userNo: orNull(h.userNo) };

/** How many rows were found for the page, those that it leaves out included. */
export const FOUND = sql`(SELECT count(*) FROM page)`.mapWith(Number);

/** The rows of a user's messages, as templates name them. */
export const r = alias(hcsMessages, "r");

const t = alias(topics, "t");

/** Signals from the user's `rows`; `withPage` cuts or leaves out their messages. */
export const signalsOf = (
  rows: SQL,
): SQL => sql`SELECT ${FIRST_POSITION} + ${r.n} AS position, ${r.ref}, ${r.consensusNs}, ${r.typeNo},
  ${r.typeName}, ${r.flags}, ${t.topicId}, ${userIdOf(r.peerNo)} AS peer_id, ${messageOf(r.ref)} AS whole
  FROM (${rows}) ${r} LEFT JOIN ${topics} ${t} ON ${t.topicNo} = ${topicNoIn(r.ref)}::integer`;

/**
 * A page as at least one row, in `order`, up to the bytes that a page reads: `ref` is null for an empty page. `page` has the
 * message of each row as `whole`, and `columns` find it as `b.body`: null if it is too long to be shown. The length of a stored value
 * is known without reading the value, so leaving it out costs nothing.
 */
export const withPage = (columns: SQL, page: SQL, order: SQL): SQL => sql`${READER},
page AS MATERIALIZED (${page}),
bounded AS (SELECT *, CASE WHEN size <= ${literal(MAX_MESSAGE_BYTES)} THEN whole END AS body
  FROM (SELECT *, octet_length(whole) AS size, sum(least(coalesce(octet_length(whole), 0), ${literal(MAX_MESSAGE_BYTES)}))
    OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM page) sized
  WHERE coalesce(before, 0) < ${literal(MAX_READ_BYTES)})
SELECT ${columns} ${FROM_READER} LEFT JOIN bounded b ON true ORDER BY ${order}`;
