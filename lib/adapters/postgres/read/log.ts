/**
 * The statements of a topic's log, by rising sequence. A range has rows of two kinds: messages, and segments that hold some of the
 * messages (`content`). Both come from one snapshot, so each message is in one of them.
 */
import { getTableColumns, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { packedParts, topicLog, topicSegments } from "../../../../drizzle/schema";
import { MAX_CHUNKS } from "../../../core/ledger/chunks";
import { MAX_SEQUENCE, type TopicId } from "../../../core/ledger/ids";
import { disposition } from "../codec/codes";
import { SEGMENT_LENGTH } from "../codec/log-segment";
import { baseOf, sequenceIn } from "../codec/ref";
import { literal } from "../sql/expressions";
import { topicNoOf } from "../sql/references";
import { type NamedParameters, parameters, preparedTemplate, type RowOf, UNNAMED } from "../sql/template";

/** Sequences of a topic, the ends included. */
export interface Range {
  readonly topicId: TopicId;
  readonly from: number;
  readonly to: number;
}

/** A range within a topic. Its ends are limited, because refs beyond a topic's own belong to another topic. */
export const rangeOf = (topicId: TopicId, from = 1, to = MAX_SEQUENCE): Range => ({
  topicId,
  from: Math.max(from, 1),
  to: Math.min(to, MAX_SEQUENCE),
});

/** The first sequence number of the segment that a sequence number belongs to. */
export const segmentStartOf = (sequence: SQL): SQL =>
  sql`(${sequence} - (${sequence} - 1) % ${literal(SEGMENT_LENGTH)})`;

const FAILED_CODE = literal(disposition.code("failed"));
const UNPROVEN_CODE = literal(disposition.code("unproven"));
const { ref, chunkKey, chunkNumber, reason } = topicLog;

function isIn<V extends Range>(range: NamedParameters<V>, of: SQLWrapper = ref): SQL {
  const base = baseOf(topicNoOf(range("topicId")));
  return sql`${of} >= ${base} + ${range("from")}::bigint AND ${of} <= ${base} + ${range("to")}::bigint`;
}

const COLUMNS = getTableColumns(topicLog);
const FIELDS = {
  ...COLUMNS,
  content: sql<Uint8Array | null>`content`.mapWith(topicSegments.content),
  firstSeq: sql<number | null>`first_seq`.mapWith(topicSegments.firstSeq),
};

/** A message of the log. With `content` and `firstSeq` it is a segment, and all other members are null. */
export type LogRow = RowOf<typeof FIELDS>;

const ranged = parameters<Range>();
const { topicNo, firstSeq } = topicSegments;

export const LOG = preparedTemplate(
  ranged,
  FIELDS,
  (columns) => sql`SELECT ${columns} FROM (
  SELECT ${topicLog}.*, NULL::bytea AS content, NULL::bigint AS first_seq FROM ${topicLog} WHERE ${isIn(ranged)}
  UNION ALL SELECT (NULL::${topicLog}).*, ${topicSegments.content}, ${firstSeq} FROM ${topicSegments}
  WHERE ${topicNo} = ${topicNoOf(ranged("topicId"))} AND ${firstSeq} > ${ranged("from")}::bigint - ${literal(SEGMENT_LENGTH)}
    AND ${firstSeq} <= ${ranged("to")}::bigint) ${topicLog} ORDER BY ${ref}`,
  UNNAMED,
);

const limited = parameters<Range & { readonly limit: number }>();

/** Failed messages are never packed. */
export const FAILED = preparedTemplate(
  limited,
  COLUMNS,
  (
    columns,
  ) => sql`SELECT ${columns} FROM ${topicLog} WHERE ${isIn(limited)} AND ${topicLog.disposition} = ${FAILED_CODE}
    ORDER BY ${ref} LIMIT ${limited("limit")}::integer`,
  UNNAMED,
);

/** Failed and unproven messages, which are never packed. There is an index for each of the two, so each is looked for apart. */
export const FAILED_AND_UNPROVEN = preparedTemplate(
  limited,
  getTableColumns(topicLog),
  (columns) =>
    sql`SELECT ${columns} FROM (${sql.join(
      [FAILED_CODE, UNPROVEN_CODE].map(
        (code) => sql`(SELECT * FROM ${topicLog} WHERE ${isIn(limited)} AND ${topicLog.disposition} = ${code}
    ORDER BY ${ref} LIMIT ${limited("limit")}::integer)`,
      ),
      sql` UNION ALL `,
    )}) ${topicLog} ORDER BY ${ref} LIMIT ${limited("limit")}::integer`,
  UNNAMED,
);

const grouped = parameters<Range & { readonly chunkKeys: readonly string[] }>();

/**
 * The first entry that did not fail, for each number in a group of chunks, and the segments that hold packed parts of such groups. All
 * parts of a group are in one segment.
 */
export const PARTS = preparedTemplate(
  grouped,
  FIELDS,
  (columns) => sql`SELECT ${columns} FROM (
  SELECT ${topicLog}.*, NULL::bytea AS content, NULL::bigint AS first_seq FROM ${topicLog} WHERE ${ref} IN (
    SELECT min(${ref}) FROM ${topicLog}
    WHERE ${chunkKey} = ANY (${grouped("chunkKeys")}::text[]) AND ${isIn(grouped)}
      AND ${chunkNumber} BETWEEN 1 AND ${literal(MAX_CHUNKS)} AND ${topicLog.disposition} <> ${FAILED_CODE}
      AND ${reason} IS DISTINCT FROM 'bad-chunk'
    GROUP BY ${chunkKey}, ${chunkNumber})
  UNION ALL SELECT (NULL::${topicLog}).*, ${topicSegments.content}, ${firstSeq} FROM ${topicSegments}
  WHERE ${topicNo} = ${topicNoOf(grouped("topicId"))} AND ${firstSeq} = ANY (ARRAY(
    SELECT ${segmentStartOf(sequenceIn(packedParts.ref))} FROM ${packedParts}
    WHERE ${packedParts.chunkKey} = ANY (${grouped("chunkKeys")}::text[]) AND ${isIn(grouped, packedParts.ref)}))) ${topicLog}
ORDER BY ${ref}`,
  UNNAMED,
);
