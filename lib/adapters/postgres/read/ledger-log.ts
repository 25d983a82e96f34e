/**
 * The statements of a mirror's readers: pages of a topic's log by sequence number and by time, and one message by its time.
 *
 * There is no index on times: it would take 24 bytes a message, and times rise with sequence numbers. So the ends of an interval
 * of times are found by halving, one look-up in the primary key for each step: 20 for a million messages. Failed messages are left
 * out of the search as they are of pages, because their times may be anything.
 */
import { getTableColumns, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicLog, topics } from "../../../../drizzle/schema";
import { MAX_CONSENSUS_NS } from "../../../core/ledger/consensus-time";
import type { TopicId } from "../../../core/ledger/ids";
import type { Order } from "../../../core/mirror/message-query";
import { disposition } from "../codec/codes";
import { baseOf } from "../codec/ref";
import { literal } from "../sql/expressions";
import { given, prepared, UNNAMED } from "../sql/template";

const FAILED = literal(disposition.code("failed"));
/** Stored bytes of one page: beyond what honest messages have, and a fraction of what one answer may have. */
const PAGE_BYTES = literal(400_000);

/** The end of no interval: nothing is searched for it. */
const LAST_NS = literal(MAX_CONSENSUS_NS);

const t = alias(topics, "t");
const l = alias(topicLog, "l");
const b = alias(topicLog, "b");
const f = alias(topicLog, "f");

/** One step of the search: the first message of the upper half that did not fail decides. `s` and `topic` are in scope. */
const STEP = sql`CASE WHEN p.ns < s.ns THEN p.ref - ${baseOf(sql`s.topic_no`)} + 1 ELSE s.lo END,
    CASE WHEN p.ns < s.ns THEN s.hi ELSE s.mid END
  FROM (SELECT *, (lo + hi) / 2 AS mid FROM search WHERE lo < hi) s LEFT JOIN LATERAL (
    SELECT ${l.ref} AS ref, ${l.consensusNs} AS ns FROM ${topicLog} ${l}
    WHERE ${l.ref} >= ${baseOf(sql`s.topic_no`)} + s.mid AND ${l.ref} < ${baseOf(sql`s.topic_no`)} + s.hi
      AND ${l.disposition} <> ${FAILED} ORDER BY ${l.ref} LIMIT 1) p ON true`;

const { body: _, ...COLUMNS } = getTableColumns(f);
const FIELDS = {
  ...COLUMNS,
  found: sql<number>`(SELECT count(*) FROM found)`.mapWith(Number),
  lastNs: sql<bigint>`last_ns`.mapWith(topicLog.consensusNs),
  neighbour: sql<number | null>`neighbour`.mapWith(topicLog.verification),
};

const values = given<{
  readonly topicId: TopicId;
  readonly from: number;
  readonly to: number;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly limit: number;
}>();

function pageIn(order: Order) {
  const [direction, last, neighbour] =
    order === "asc"
      ? [sql`ASC`, sql`max`, sql`min(ref) - 1 FROM found`]
      : [sql`DESC`, sql`min`, sql`max(ref) + 1 FROM found`];
  const first = sql`coalesce((SELECT max(lo) FROM search WHERE isFrom), ${values("from")}::bigint)`;
  const end = sql`coalesce((SELECT max(lo) - 1 FROM search WHERE NOT isFrom), least(${values("to")}::bigint, topic.cursor))`;
  const [fromNs, toNs] = [sql`${values("fromNs")}::bigint`, sql`${values("toNs")}::bigint`];
  return prepared(
    values,
    FIELDS,
    (
      columns,
    ) => sql`WITH RECURSIVE topic AS (SELECT ${t.topicNo}, ${t.cursor} FROM ${topics} ${t} WHERE ${t.topicId} = ${values("topicId")}),
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
  WHERE before < ${PAGE_BYTES})
SELECT ${columns} FROM page JOIN ${topicLog} ${f} ON ${f.ref} = page.ref,
  (SELECT ${b.consensusNs} AS last_ns FROM ${topicLog} ${b} WHERE ${b.ref} = (SELECT ${last}(ref) FROM page)) x,
  (SELECT (SELECT ${b.verification} FROM ${topicLog} ${b} WHERE ${b.ref} = (SELECT ${neighbour})) AS neighbour) y
ORDER BY ${f.ref} ${direction}`,
    UNNAMED,
  );
}

export const PAGE_OF = { asc: pageIn("asc"), desc: pageIn("desc") } as const;

const AT_FIELDS = { ...COLUMNS, topicId: sql<TopicId>`topic_id` };
const atValues = given<{ readonly ns: bigint }>();

export const MESSAGE_AT = prepared(
  atValues,
  AT_FIELDS,
  (columns) => sql`WITH RECURSIVE search (topic_no, topic_id, ns, lo, hi) AS (
  SELECT ${t.topicNo}, ${t.topicId}, ${atValues("ns")}::bigint, 1::bigint, ${t.cursor} + 1 FROM ${topics} ${t}
  UNION ALL SELECT s.topic_no, s.topic_id, s.ns, ${STEP})
SELECT ${columns} FROM (SELECT topic_no, topic_id, max(lo) AS seq FROM search GROUP BY topic_no, topic_id) x
JOIN LATERAL (SELECT * FROM ${topicLog} ${l}
  WHERE ${l.ref} >= ${baseOf(sql`x.topic_no`)} + x.seq AND ${l.ref} < ${baseOf(sql`x.topic_no + 1`)} AND ${l.disposition} <> ${FAILED}
  ORDER BY ${l.ref} LIMIT 1) ${f} ON ${f.consensusNs} = ${atValues("ns")}::bigint LIMIT 1`,
  UNNAMED,
);
