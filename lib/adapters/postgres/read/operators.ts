/** The statements for what operators see of topics and messages. */
import { getTableColumns, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, topicGaps, topicLog, topics, userSegments } from "../../../../drizzle/schema";
import { consensusNs } from "../../../core/ledger/consensus-time";
import { MAX_SEQUENCE, type TopicId } from "../../../core/ledger/ids";
import type { DatedOverview, RejectedEntry } from "../../../ports/store/admin-store";
import { disposition, gapState, verification } from "../codec/codes";
import { baseOf, sequenceOf, topicNoIn } from "../codec/ref";
import { gapOf, payerOf, topicState } from "../codec/rows";
import { fromShorthand } from "../codec/shorthand";
import { literal } from "../sql/expressions";
import { topicIdOf } from "../sql/references";
import { parameters, preparedTemplate, type RowOf, template, UNNAMED } from "../sql/template";
import { DATABASE_MS } from "./server";

const t = alias(topics, "t");
const g = alias(topicGaps, "g");
const l = alias(topicLog, "l");
const r = alias(hcsMessages, "r");
const u = alias(userSegments, "u");

const overview = parameters<{ readonly gapLimit: number; readonly unpacked: number }>();

const OPEN_GAPS = sql`FROM ${topicGaps} ${g}
    WHERE ${g.topicNo} = ${t.topicNo} AND ${g.state} <> ${literal(gapState.code("filled"))}`;

type GapInJson = Omit<typeof topicGaps.$inferSelect, "topicNo">;
const TOPIC = {
  ...getTableColumns(t),
  databaseMs: DATABASE_MS,
  unpackedNs: sql<bigint | null>`(SELECT ${l.consensusNs} FROM ${topicLog} ${l}
    WHERE ${l.ref} >= ${baseOf(t.topicNo)} + ${t.packedThrough} + ${overview("unpacked")}::bigint
      AND ${l.ref} <= ${baseOf(t.topicNo)} + ${t.cursor} ORDER BY ${l.ref} LIMIT 1)`.mapWith(l.consensusNs),
  gapCount: sql`(SELECT count(*) ${OPEN_GAPS})`.mapWith(Number),
  gaps: sql`(SELECT json_agg(json_build_object('fromSeq', o.from_seq, 'toSeq', o.to_seq, 'state', o.state, 'firstSeenMs', o.first_seen_ms))
    FROM (SELECT * ${OPEN_GAPS} ORDER BY ${g.fromSeq} LIMIT ${overview("gapLimit")}::integer) o)` as SQL<
    readonly GapInJson[] | null
  >,
};

/** All topics, each with its first open gaps. */
export const OVERVIEW = preparedTemplate(
  overview,
  TOPIC,
  (columns) => sql`SELECT ${columns} FROM ${topics} ${t} ORDER BY ${t.topicNo}`,
  UNNAMED,
);

/** A row of the topics with its first open gaps, and the database's time of the answer. */
export function overviewOf({ databaseMs, gapCount, gaps, unpackedNs, ...row }: RowOf<typeof TOPIC>): DatedOverview {
  return {
    ...topicState(row),
    databaseMs,
    gapCount,
    unpackedNs,
    gaps: (gaps ?? []).map((gap) => gapOf(row.topicId, gap)),
  };
}

/** The first message of a topic that is stored but not verified. */
export const FIRST_UNVERIFIED = sql<bigint | null>`(SELECT ${l.ref} FROM ${topicLog} ${l}
  WHERE ${l.ref} > ${baseOf(topics.topicNo)} AND ${l.ref} <= ${baseOf(topics.topicNo)} + ${literal(MAX_SEQUENCE)}
    AND ${l.verification} <> ${literal(verification.code("verified"))} ORDER BY ${l.ref} LIMIT 1)`.mapWith(l.ref);

const TOPIC_PEOPLE = {
  topicId: t.topicId,
  users: sql`count(*)`.mapWith(Number),
  rows: sql`sum(c.n)`.mapWith(Number),
  /** How many rows the ten busiest people have. */
  hottestRows: sql`sum(c.n) FILTER (WHERE c.place <= 10)`.mapWith(Number),
};

/** How many people have messages in each topic. Looks at every row, and at the kinds of packed ones. */
export const PEOPLE_BY_TOPIC = template(
  TOPIC_PEOPLE,
  (columns) => sql`SELECT ${columns} FROM (
  SELECT topic_no, sum(n) AS n, row_number() OVER (PARTITION BY topic_no ORDER BY sum(n) DESC) AS place FROM (
    SELECT ${topicNoIn(r.ref)} AS topic_no, ${r.userNo}, count(*) AS n FROM ${hcsMessages} ${r} GROUP BY 1, 2
    UNION ALL SELECT ${topicNoIn(r.ref)}, ${r.userNo}, ${r.n} FROM ${userSegments} ${u}, kinds_in(${u}) ${r}) every
  GROUP BY topic_no, user_no) c
JOIN ${topics} ${t} ON ${t.topicNo} = c.topic_no GROUP BY ${t.topicId}`,
);

const rejected = parameters<{ readonly limit: number }>();

const MESSAGE = {
  ref: l.ref,
  consensusNs: l.consensusNs,
  disposition: l.disposition,
  reason: l.reason,
  payer: l.payer,
  kept: sql<Uint8Array>`coalesce(${l.body}, ${l.message})`.mapWith(topicLog.message),
  topicId: topicIdOf(l.ref) as SQL<TopicId>,
};

const newest = (
  name: RejectedEntry["disposition"],
) => sql`(SELECT * FROM ${topicLog} WHERE ${topicLog.disposition} = ${literal(disposition.code(name))}
  ORDER BY ${topicLog.consensusNs} DESC, ${topicLog.ref} DESC LIMIT ${rejected("limit")}::integer)`;

/** The newest rejected messages of each kind, newest first. */
export const REJECTED = preparedTemplate(
  rejected,
  MESSAGE,
  (columns) => sql`SELECT ${columns}
FROM (${newest("undecodable")} UNION ALL ${newest("untrusted")} UNION ALL ${newest("failed")}
  UNION ALL ${newest("unproven")}) ${l}
ORDER BY ${l.consensusNs} DESC, ${l.ref} DESC`,
  UNNAMED,
);

/** Throws if the row holds a code or a phrase of a later version. */
export function rejectedMessage(row: RowOf<typeof MESSAGE>, startBytes: number): RejectedEntry {
  const message = fromShorthand(row.kept);
  return {
    topicId: row.topicId,
    sequence: sequenceOf(row.ref),
    consensusNs: consensusNs(row.consensusNs),
    disposition: disposition.name(row.disposition) as RejectedEntry["disposition"],
    reason: row.reason,
    payer: payerOf(row.payer),
    bytes: message.length,
    start: message.subarray(0, startBytes),
  };
}
