/**
 * The statements of a mirror's readers: pages of a topic's log by sequence number and by time, and one message by its time.
 *
 * There is no index on times: it would take 24 bytes a message, and times rise with sequence numbers. So the ends of an interval
 * of times are found by halving, one look-up in the primary key for each step: 20 for a million messages. Failed messages are left
 * out of the search as they are of pages, because their times may be anything.
 *
 * Beside the messages that are in the log, a page has the first segments of packed messages that belong to it: rows with `content`,
 * whose other columns are null. Both come from one snapshot.
 */
import { getTableColumns, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicLog, topicSegments, topics } from "../../../../drizzle/schema";
import { MAX_CONSENSUS_NS } from "../../../core/ledger/consensus-time";
import type { TopicId } from "../../../core/ledger/ids";
import type { Order } from "../../../core/mirror/message-query";
import { disposition } from "../codec/codes";
import { SEGMENT_LENGTH } from "../codec/log-segment";
import { baseOf, sequenceIn } from "../codec/ref";
import { literal } from "../sql/expressions";
import { parameters, preparedTemplate, type RowOf, UNNAMED } from "../sql/template";

const FAILED = literal(disposition.code("failed"));
/** Stored bytes of one page: beyond what honest messages have, and a fraction of what one answer may have. */
export const PAGE_BYTES = 400_000;

/** The end of no interval: nothing is searched for it. */
const LAST_NS = literal(MAX_CONSENSUS_NS);

const t = alias(topics, "t");
const l = alias(topicLog, "l");
const b = alias(topicLog, "b");
const f = alias(topicLog, "f");
const s = alias(topicSegments, "s");

/** One step of the search: the first message of the upper half that did not fail decides. `s` and `topic` are in scope. */
const STEP = sql`CASE WHEN p.ns < s.ns THEN p.ref - ${baseOf(sql`s.topic_no`)} + 1 ELSE s.lo END,
    CASE WHEN p.ns < s.ns THEN s.hi ELSE s.mid END
  FROM (SELECT *, (lo + hi) / 2 AS mid FROM search WHERE lo < hi) s LEFT JOIN LATERAL (
    SELECT ${l.ref} AS ref, ${l.consensusNs} AS ns FROM ${topicLog} ${l}
    WHERE ${l.ref} >= ${baseOf(sql`s.topic_no`)} + s.mid AND ${l.ref} < ${baseOf(sql`s.topic_no`)} + s.hi
      AND ${l.disposition} <> ${FAILED} ORDER BY ${l.ref} LIMIT 1) p ON true`;

/** A page of the mirror has 100 messages at most: one segment, if none is left out of it. A sparse topic takes several statements. */
export const MIRROR_SEGMENTS_AT_ONCE = 2;

const values = parameters<{
  readonly topicId: TopicId;
  readonly from: number;
  readonly to: number;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly limit: number;
}>();

const { body: _, ...COLUMNS } = getTableColumns(f);
const CONTENT = sql<Uint8Array | null>`content`.mapWith(topicSegments.content);
const FIRST_SEQ = sql<number | null>`first_seq`.mapWith(topicSegments.firstSeq);
const FIELDS = {
  ...COLUMNS,
  content: CONTENT,
  firstSeq: FIRST_SEQ,
  found: sql<number>`(SELECT count(*) FROM found)`.mapWith(Number),
  lastNs: sql<bigint>`last_ns`.mapWith(topicLog.consensusNs),
  neighbour: sql<number | null>`neighbour`.mapWith(topicLog.verification),
  /** The part of the topic that was dropped, as in `DroppedRange`. */
  droppedThrough: sql`topic.dropped_through`.mapWith(t.droppedThrough),
  droppedNs: sql`topic.dropped_ns`.mapWith(t.droppedNs),
};

export type PageRow = RowOf<typeof FIELDS>;

function pageIn(order: Order) {
  const [direction, last, neighbour] =
    order === "asc"
      ? [sql`ASC`, sql`max`, sql`min(ref) - 1 FROM found`]
      : [sql`DESC`, sql`min`, sql`max(ref) + 1 FROM found`];
  // A page that is full without them needs only the segments that lie between its messages.
  const isNear =
    order === "asc"
      ? sql`${s.firstSeq} <= (SELECT max(${sequenceIn(sql`ref`)}) FROM found)`
      : sql`${s.firstSeq} + ${literal(SEGMENT_LENGTH)} > (SELECT min(${sequenceIn(sql`ref`)}) FROM found)`;
  const isWanted = sql`((SELECT count(*) FROM found) < ${values("limit")}::integer OR ${isNear})`;
  const first = sql`coalesce((SELECT max(lo) FROM search WHERE isFrom), ${values("from")}::bigint)`;
  const end = sql`coalesce((SELECT max(lo) - 1 FROM search WHERE NOT isFrom), least(${values("to")}::bigint, topic.cursor))`;
  const [fromNs, toNs] = [sql`${values("fromNs")}::bigint`, sql`${values("toNs")}::bigint`];
  return preparedTemplate(
    values,
    FIELDS,
    (columns) => sql`WITH RECURSIVE topic AS (
  SELECT ${t.topicNo}, ${t.cursor}, ${t.droppedThrough}, ${t.droppedNs} FROM ${topics} ${t} WHERE ${t.topicId} = ${values("topicId")}),
search (isFrom, topic_no, ns, lo, hi) AS (
  SELECT x.isFrom, topic.topic_no, x.ns, ${values("from")}::bigint, least(${values("to")}::bigint, topic.cursor) + 1
  FROM topic, (VALUES (true, ${fromNs}), (false, least(${toNs}, ${LAST_NS} - 1) + 1)) x (isFrom, ns)
  WHERE x.ns > 0 AND x.ns < ${LAST_NS}
  UNION ALL SELECT s.isFrom, s.topic_no, s.ns, ${STEP}),
found AS MATERIALIZED (SELECT ${f.ref}, ${f.consensusNs}, octet_length(${f.message}) AS bytes FROM topic, ${topicLog} ${f}
  WHERE ${f.ref} >= ${baseOf(sql`topic.topic_no`)} + ${first} AND ${f.ref} <= ${baseOf(sql`topic.topic_no`)} + ${end}
    AND ${f.disposition} <> ${FAILED} AND ${f.consensusNs} BETWEEN ${fromNs} AND ${toNs}
  ORDER BY ${f.ref} ${direction} LIMIT ${values("limit")}::integer),
page AS MATERIALIZED (SELECT ref FROM (
    SELECT ref, sum(bytes) OVER (ORDER BY ref ${direction} ROWS UNBOUNDED PRECEDING) - bytes AS before FROM found) sized
  WHERE before < ${literal(PAGE_BYTES)})
SELECT ${columns} FROM topic, (
  SELECT ${f}.*, x.last_ns, y.neighbour, NULL::bytea AS content, NULL::bigint AS first_seq FROM page JOIN ${topicLog} ${f} ON ${f.ref} = page.ref,
    (SELECT ${b.consensusNs} AS last_ns FROM ${topicLog} ${b} WHERE ${b.ref} = (SELECT ${last}(ref) FROM page)) x,
    (SELECT (SELECT ${b.verification} FROM ${topicLog} ${b} WHERE ${b.ref} = (SELECT ${neighbour})) AS neighbour) y
  UNION ALL
  SELECT (NULL::${topicLog}).*, NULL, NULL, ${s.content}, ${s.firstSeq} FROM topic, LATERAL (SELECT * FROM ${topicSegments} ${s}
    WHERE ${s.topicNo} = topic.topic_no AND ${s.firstSeq} > ${values("from")}::bigint - ${literal(SEGMENT_LENGTH)}
      AND ${s.firstSeq} <= ${values("to")}::bigint AND ${s.lastNs} >= ${fromNs} AND ${s.firstNs} <= ${toNs} AND ${isWanted}
    ORDER BY ${s.firstSeq} ${direction} LIMIT ${literal(MIRROR_SEGMENTS_AT_ONCE)}) ${s}) ${f}
ORDER BY ${f.ref} ${direction}`,
    UNNAMED,
  );
}

export const PAGE_OF = { asc: pageIn("asc"), desc: pageIn("desc") } as const;

const AT_FIELDS = { ...COLUMNS, content: CONTENT, firstSeq: FIRST_SEQ, topicId: sql<TopicId>`topic_id` };
const atValues = parameters<{ readonly ns: bigint }>();

export const MESSAGE_AT = preparedTemplate(
  atValues,
  AT_FIELDS,
  (columns) => sql`WITH RECURSIVE search (topic_no, topic_id, ns, lo, hi) AS (
  SELECT ${t.topicNo}, ${t.topicId}, ${atValues("ns")}::bigint, 1::bigint, ${t.cursor} + 1 FROM ${topics} ${t}
  UNION ALL SELECT s.topic_no, s.topic_id, s.ns, ${STEP})
SELECT ${columns} FROM (
  (SELECT ${f}.*, x.topic_id, NULL::bytea AS content, NULL::bigint AS first_seq FROM (SELECT topic_no, topic_id, max(lo) AS seq FROM search GROUP BY topic_no, topic_id) x
  JOIN LATERAL (SELECT * FROM ${topicLog} ${l}
    WHERE ${l.ref} >= ${baseOf(sql`x.topic_no`)} + x.seq AND ${l.ref} < ${baseOf(sql`x.topic_no + 1`)} AND ${l.disposition} <> ${FAILED}
    ORDER BY ${l.ref} LIMIT 1) ${f} ON ${f.consensusNs} = ${atValues("ns")}::bigint LIMIT 1)
  UNION ALL
  SELECT (NULL::${topicLog}).*, ${t.topicId}, ${s.content}, ${s.firstSeq} FROM ${topics} ${t}, LATERAL (SELECT * FROM ${topicSegments} ${s}
    WHERE ${s.topicNo} = ${t.topicNo} AND ${s.firstNs} <= ${atValues("ns")}::bigint ORDER BY ${s.firstNs} DESC LIMIT 1) ${s}
  WHERE ${s.lastNs} >= ${atValues("ns")}::bigint) ${f}`,
  UNNAMED,
);
