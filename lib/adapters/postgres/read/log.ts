/** The statements of a topic's log, by rising sequence. */
import { getTableColumns, type SQL, sql } from "drizzle-orm";
import { topicLog } from "../../../../drizzle/schema";
import { MAX_CHUNKS } from "../../../core/ledger/chunks";
import { MAX_SEQUENCE, type TopicId } from "../../../core/ledger/ids";
import { disposition } from "../codec/codes";
import { baseOf } from "../codec/ref";
import { literal } from "../sql/expressions";
import { topicNoOf } from "../sql/references";
import { type Given, given, prepared, UNNAMED } from "../sql/template";

/** Sequences of a topic, the ends included. */
export interface Range {
  readonly topicId: TopicId;
  readonly from: number;
  readonly to: number;
}

/** Refs beyond a topic's own belong to another topic. */
export const rangeOf = (topicId: TopicId, from = 1, to = MAX_SEQUENCE): Range => ({
  topicId,
  from: Math.max(from, 1),
  to: Math.min(to, MAX_SEQUENCE),
});

const FAILED_CODE = literal(disposition.code("failed"));
const UNPROVEN_CODE = literal(disposition.code("unproven"));
const { ref, chunkKey, chunkNumber, reason } = topicLog;

function isIn<V extends Range>(range: Given<V>): SQL {
  const base = baseOf(topicNoOf(range("topicId")));
  return sql`${ref} >= ${base} + ${range("from")}::bigint AND ${ref} <= ${base} + ${range("to")}::bigint`;
}

const entries = <V extends Range>(range: Given<V>, more: SQL | undefined, limit?: SQL) =>
  prepared(
    range,
    getTableColumns(topicLog),
    (columns) => sql`SELECT ${columns} FROM ${topicLog} WHERE ${isIn(range)} ${more} ORDER BY ${ref} ${limit}`,
    UNNAMED,
  );

export const LOG = entries(given<Range>(), undefined);

const limited = given<Range & { readonly limit: number }>();

export const FAILED = entries(
  limited,
  sql`AND ${topicLog.disposition} = ${FAILED_CODE}`,
  sql`LIMIT ${limited("limit")}::integer`,
);

/** Failed and unproven messages. There is an index for each of the two, so each is looked for apart. */
export const UNSETTLED = prepared(
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

const grouped = given<Range & { readonly chunkKeys: readonly string[] }>();

/** The first entry that did not fail, for each number in a group of chunks. */
export const PARTS = prepared(
  grouped,
  getTableColumns(topicLog),
  (columns) => sql`SELECT ${columns} FROM ${topicLog} WHERE ${ref} IN (
  SELECT min(${ref}) FROM ${topicLog}
  WHERE ${chunkKey} = ANY (${grouped("chunkKeys")}::text[]) AND ${isIn(grouped)}
    AND ${chunkNumber} BETWEEN 1 AND ${literal(MAX_CHUNKS)} AND ${topicLog.disposition} <> ${FAILED_CODE}
    AND ${reason} IS DISTINCT FROM 'bad-chunk'
  GROUP BY ${chunkKey}, ${chunkNumber})
ORDER BY ${ref}`,
  UNNAMED,
);
