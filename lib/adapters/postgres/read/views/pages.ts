/**
 * The pieces that statements of the readers' views are made of. `USER` is the id of the user who reads.
 *
 * A connection over TCP plans such a statement once, for all 16 partitions, and each run reads one of them. Neon over HTTP, the
 * embedded database and poolers plan it for each read. So a user's number that is known from an earlier answer is given along:
 * then the server plans for the user's partition alone. Otherwise a scalar subquery takes the number from the user's row (`READER`),
 * which the server reads once before the rest. Joins to other tables are lateral with a limit or scalar subqueries, so that they are
 * index look-ups for the few rows of a page whatever the statistics say (PGlite gathers none by itself).
 *
 * On PostgreSQL with 1,000,000 messages of 20,000 users, one of them with 10,000 rows: planning 0.6 ms for 16 partitions and
 * half of that for one, the newest 50 signals 0.9 ms, what a stream missed 0.8 ms, contacts 0.5 ms; a type that the user does
 * not have (all 10,000 rows looked at) 3.6 ms round trip. The same before and after ANALYZE.
 */
import { type SQL, sql } from "drizzle-orm";
import { alias, type PgColumn } from "drizzle-orm/pg-core";
import { hcsMessages, meta, userHeads } from "../../../../../drizzle/schema";
import { MAX_MESSAGE_BYTES, MAX_READ_BYTES } from "../../../../core/bounds";
import type { UserId } from "../../../../core/ledger/ids";
import { POSITIONS_PER_EPOCH } from "../../../../core/signals/position";
import { literal, orNull } from "../../sql/expressions";
import { messageOf, topicIdOf, userIdOf } from "../../sql/references";
import { STAMP } from "../../stamp";

/** Every statement of a view is given the user who reads. */
export interface Reader {
  readonly userId: UserId;
  /** The user's number as an earlier answer had it; null if it is not known. The answer's `userNo` tells whether it is right. */
  readonly userNo: number | null;
}

export const USER = sql`${sql.placeholder("userId" satisfies keyof Reader)}::text`;

/** The user's row in user_heads. A user who is not known has none. */
export const h = alias(userHeads, "h");

/** A statement that needs the user's row begins with this. So it reads the row once, however often it needs it, and else never. */
export const READER = sql`WITH ${h} AS MATERIALIZED (SELECT * FROM ${userHeads} WHERE ${userHeads.userId} = ${USER})`;

/** One row: the user's row as `h`, or nulls if the user is not known. */
export const FROM_READER = sql`FROM (SELECT 1) one LEFT JOIN ${h} ON true`;

/** A column of the user's row, where `h` is not in scope. */
export const ofReader = (column: PgColumn): SQL => sql`(SELECT ${column} FROM ${h})`;

/** The user's number. */
export const ME = sql`coalesce(${sql.placeholder("userNo" satisfies keyof Reader)}::integer, ${ofReader(h.userNo)})`;

/** The user's number of rows; null for a user who is not known. */
export const ROWS_OF_USER = ofReader(h.head);

/** The position before the first row, in the current epoch. */
export const FIRST_POSITION = sql`(SELECT ${meta.epoch} FROM ${meta}) * ${literal(POSITIONS_PER_EPOCH)}::bigint`;

/** The user's head as a position: 0 if the user has no row. */
const HEAD = sql`CASE WHEN ${h.head} > 0 THEN ${FIRST_POSITION} + ${h.head} ELSE 0 END`.mapWith(Number);

/** The store's stamp, the user's head and number, beside every page. */
export const BESIDE = { stamp: STAMP, head: HEAD, userNo: orNull(h.userNo) };

/** How many rows were found for the page, those that it leaves out included. */
export const FOUND = sql`(SELECT count(*) FROM page)`.mapWith(Number);

/** The rows of a user's messages, as templates name them. */
export const r = alias(hcsMessages, "r");

/** The columns of a signal from a row `r`; `boundedRows` cuts or leaves out its message. */
export const SIGNAL = sql`${FIRST_POSITION} + ${r.n} AS position, ${r.ref}, ${r.consensusNs}, ${r.typeNo}, ${r.typeName}, ${r.flags},
  ${topicIdOf(r.ref)} AS topic_id, ${userIdOf(r.peerNo)} AS peer_id, ${messageOf(r.ref)} AS whole`;

/**
 * The rows of `page` in their order, up to the bytes that a page reads, each with its place and its message as `body`: null if it
 * is too long to be shown. The length of a stored value is known without reading the value, so leaving it out costs nothing.
 */
export const boundedRows = (columns: SQL, order: SQL): SQL => sql`
SELECT ${columns}, place, size, CASE WHEN size <= ${literal(MAX_MESSAGE_BYTES)} THEN whole END AS body
FROM (SELECT *, row_number() OVER w AS place, sum(counted) OVER w - counted AS before
  FROM (SELECT *, octet_length(whole) AS size, least(coalesce(octet_length(whole), 0), ${literal(MAX_MESSAGE_BYTES)}) AS counted
    FROM page) sized WINDOW w AS (ORDER BY ${order} ROWS UNBOUNDED PRECEDING)) placed
WHERE before < ${literal(MAX_READ_BYTES)}`;

/** A page as at least one row, in the page's order: `ref` is null for an empty page. */
export const withPage = (columns: SQL, page: SQL, bounded: SQL): SQL => sql`${READER},
page AS MATERIALIZED (${page}),
bounded AS MATERIALIZED (${bounded})
SELECT ${columns} ${FROM_READER} LEFT JOIN bounded b ON true ORDER BY b.place`;
