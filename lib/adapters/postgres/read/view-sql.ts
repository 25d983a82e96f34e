/**
 * The pieces that the view statements are made of. `$1` is always the user's id.
 *
 * The user's number is looked up by a scalar subquery, which the server runs once before the rest: only then does it skip the
 * 15 partitions that are not the user's. Joins to other tables are lateral with a limit or scalar subqueries, so that they are
 * index look-ups for the few rows of a page whatever the statistics say (PGlite gathers none by itself).
 *
 * On PostgreSQL with 1,000,000 messages of 20,000 users, one of them with 10,000 rows: planning 0.6 ms (16 partitions), the
 * newest 50 signals 0.9 ms, what a stream missed 0.8 ms, contacts 0.5 ms; a type that the user has not got (all 10,000 rows
 * looked at) 3.6 ms round trip. The same before and after ANALYZE.
 */
import { MAX_MESSAGE_BYTES, MAX_READ_BYTES } from "../../../core/bounds";
import { POSITIONS_PER_EPOCH } from "../../../core/signals/position";
import { REF_SHIFT } from "../codec/ref";
import { STAMP } from "../stamp";

export const ME = "(SELECT user_no FROM user_heads WHERE user_id = $1::text)";

/** The user's head as a position: 0 where there is no row yet. */
export const HEAD = `coalesce((SELECT CASE h.head WHEN 0 THEN 0 ELSE (SELECT epoch FROM meta) * ${POSITIONS_PER_EPOCH}::bigint + h.head END
  FROM user_heads h WHERE h.user_id = $1::text), 0)`;

export const POSITION = `(SELECT epoch FROM meta) * ${POSITIONS_PER_EPOCH}::bigint + r.n`;

export const topicIdOf = (ref: string): string =>
  `(SELECT t.topic_id FROM topics t WHERE t.topic_no = (${ref} >> ${REF_SHIFT})::integer)`;

export const userIdOf = (userNo: string): string => `(SELECT p.user_id FROM user_heads p WHERE p.user_no = ${userNo})`;

export const bodyOf = (ref: string): string =>
  `(SELECT coalesce(l.body, l.message) FROM topic_log l WHERE l.ref = ${ref})`;

/** The columns of a signal, from a row `r`; `bounded` cuts its message or leaves it out. */
export const SIGNAL = `${POSITION} AS position, r.ref, r.consensus_ns, r.type_no, r.type_name, r.flags,
  ${topicIdOf("r.ref")} AS topic_id, ${userIdOf("r.peer_no")} AS peer_id, ${bodyOf("r.ref")} AS whole`;

/**
 * The rows of `page` in their order, up to the bytes that a page reads, each with its place and its message as `body`: null where
 * it is too long to be shown. The length of a stored value is known without reading the value, so what is left out costs nothing.
 */
export const boundedRows = (columns: string, order: string): string => `
SELECT ${columns}, place, size, CASE WHEN size <= ${MAX_MESSAGE_BYTES} THEN whole END AS body
FROM (SELECT *, row_number() OVER w AS place, sum(counted) OVER w - counted AS before
  FROM (SELECT *, octet_length(whole) AS size, least(coalesce(octet_length(whole), 0), ${MAX_MESSAGE_BYTES}) AS counted
    FROM page) sized WINDOW w AS (ORDER BY ${order} ROWS UNBOUNDED PRECEDING)) placed
WHERE before < ${MAX_READ_BYTES}`;

const SIGNAL_COLUMNS = "position, ref, consensus_ns, type_no, type_name, flags, topic_id, peer_id";

/**
 * The statement that answers the store's stamp, the user's head, and how many rows were found, beside a page of signals: at least one row, whose `ref`
 * is null for an empty page.
 */
export const withHead = (page: string, order: string): string => `WITH page AS MATERIALIZED (${page}),
bounded AS MATERIALIZED (${boundedRows(SIGNAL_COLUMNS, order)})
SELECT ${STAMP} AS stamp, ${HEAD} AS head, (SELECT count(*) FROM page) AS found, b.* FROM (SELECT 1) one LEFT JOIN bounded b ON true ORDER BY b.place`;
