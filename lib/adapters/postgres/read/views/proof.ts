/** The statement of a message's proof, which is for the users whom the message concerns. */
import { getTableColumns, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, topicLog, topicSegments, topics, userSegments } from "../../../../../drizzle/schema";
import type { ConsensusNs } from "../../../../core/ledger/consensus-time";
import type { TopicId } from "../../../../core/ledger/ids";
import { isTimeOf, mayLieIn, refOf, topicNoIn } from "../../codec/ref";
import { orNull } from "../../sql/expressions";
import { topicNoOf } from "../../sql/references";
import { parameters, preparedTemplate } from "../../sql/template";
import { segmentStartOf } from "../log";
import { NUMBER_OF_USER, type Owner, READER, r } from "./pages";

const l = alias(topicLog, "l");
const b = alias(topicLog, "b");
const g = alias(topicLog, "g");

const t = alias(topics, "t");
const s = alias(topicSegments, "s");
const u = alias(userSegments, "u");

const { ref, ...COLUMNS } = getTableColumns(l);
const values = parameters<Owner & { readonly topicId: TopicId; readonly sequence: number }>();

const SEQUENCE = sql`${values("sequence")}::bigint`;

/**
 * `isPacked`: this message, or the one before it, may be packed. In the row that stands for no message `ref` is null, and so are all
 * after it.
 */
const FIELDS = {
  isPacked: sql<boolean>`EXISTS (SELECT FROM ${topicSegments} ${s} WHERE ${s.topicNo} = ${t.topicNo}
    AND ${s.firstSeq} IN (${segmentStartOf(SEQUENCE)}, ${segmentStartOf(sql`greatest(${SEQUENCE} - 1, 1)`)}))`,
  ref: orNull(ref),
  ...COLUMNS,
  previousHash:
    sql<Uint8Array | null>`(SELECT ${b.runningHash} FROM ${topicLog} ${b} WHERE ${b.ref} = ${l.ref} - 1)`.mapWith(
      topicLog.runningHash,
    ),
};

/** The user has a row of a message. Each look is at the rows first, and at the segments around its time only if it is not there. */
const hasRow = (message: SQLWrapper, ns: SQLWrapper): SQL => sql`(EXISTS (SELECT FROM ${hcsMessages} ${r}
      WHERE ${r.userNo} = ${NUMBER_OF_USER} AND ${isTimeOf(r.consensusNs, ns)} AND ${r.ref} = ${message})
    OR EXISTS (SELECT FROM ${userSegments} ${u}, rows_in(${u}) ${r}
      WHERE ${u.userNo} = ${NUMBER_OF_USER} AND ${mayLieIn(u.firstNs, u.lastNs, ns)} AND ${r.ref} = ${message}))`;

/**
 * The user's row belongs to this message, or to the message that completed its group of chunks. One row for a topic that is known;
 * its `ref` is null if the message is packed, or does not concern the user. A group's parts are packed together.
 */
export const PROOF = preparedTemplate(
  values,
  FIELDS,
  (columns) => sql`${READER}
SELECT ${columns} FROM ${topics} ${t} LEFT JOIN ${topicLog} ${l}
  ON ${l.ref} = ${refOf(t.topicNo, SEQUENCE)}
  AND (${hasRow(l.ref, l.consensusNs)} OR EXISTS (SELECT FROM ${topicLog} ${g}
      WHERE ${g.chunkKey} = ${l.chunkKey} AND ${topicNoIn(g.ref)} = ${topicNoIn(l.ref)} AND ${hasRow(g.ref, g.consensusNs)}))
WHERE ${t.topicId} = ${values("topicId")}`,
);

const concerned = parameters<
  Owner & { readonly topicId: TopicId; readonly sequence: number; readonly ns: ConsensusNs }
>();

const CONCERNED = refOf(topicNoOf(concerned("topicId")), sql`${concerned("sequence")}::bigint`);

/** One row if this message concerns the user. */
export const CONCERNS = preparedTemplate(
  concerned,
  { one: sql<number>`1` },
  (columns) => sql`${READER} SELECT ${columns} WHERE ${hasRow(CONCERNED, sql`${concerned("ns")}::bigint`)}`,
);
