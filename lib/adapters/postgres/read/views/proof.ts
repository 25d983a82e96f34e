/** The statement of a message's proof, which is for the users whom the message concerns. */
import { getTableColumns, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, topicLog, topicSegments, topics } from "../../../../../drizzle/schema";
import type { ConsensusNs } from "../../../../core/ledger/consensus-time";
import type { TopicId } from "../../../../core/ledger/ids";
import { SEGMENT_LENGTH } from "../../codec/log-segment";
import { isTimeOf, refOf, topicNoIn } from "../../codec/ref";
import { literal, orNull } from "../../sql/expressions";
import { topicNoOf } from "../../sql/references";
import { given, prepared } from "../../sql/template";
import { ME, type Reader, r } from "./pages";

const l = alias(topicLog, "l");
const b = alias(topicLog, "b");
const g = alias(topicLog, "g");

const t = alias(topics, "t");
const s = alias(topicSegments, "s");

const { ref, ...COLUMNS } = getTableColumns(l);
const values = given<Reader & { readonly topicId: TopicId; readonly sequence: number }>();

const start = (sequence: SQL) => sql`(${sequence} - (${sequence} - 1) % ${literal(SEGMENT_LENGTH)})`;
const SEQUENCE = sql`${values("sequence")}::bigint`;

/**
 * `isPacked`: this message, or the one before it, may be packed. In the row that stands for no message `ref` is null, and so are all
 * after it.
 */
const FIELDS = {
  isPacked: sql<boolean>`EXISTS (SELECT FROM ${topicSegments} ${s} WHERE ${s.topicNo} = ${t.topicNo}
    AND ${s.firstSeq} IN (${start(SEQUENCE)}, ${start(sql`greatest(${SEQUENCE} - 1, 1)`)}))`,
  ref: orNull(ref),
  ...COLUMNS,
  previousHash:
    sql<Uint8Array | null>`(SELECT ${b.runningHash} FROM ${topicLog} ${b} WHERE ${b.ref} = ${l.ref} - 1)`.mapWith(
      topicLog.runningHash,
    ),
};

/**
 * The user's row belongs to this message, or to the message that completed its group of chunks. One row for a topic that is known;
 * its `ref` is null if the message is packed, or does not concern the user. Parts of split messages are never packed.
 */
export const PROOF = prepared(
  values,
  FIELDS,
  (columns) => sql`SELECT ${columns} FROM ${topics} ${t} LEFT JOIN ${topicLog} ${l}
  ON ${l.ref} = ${refOf(t.topicNo, SEQUENCE)}
  AND (EXISTS (SELECT FROM ${hcsMessages} ${r}
      WHERE ${r.userNo} = ${ME} AND ${isTimeOf(r.consensusNs, l.consensusNs)} AND ${r.ref} = ${l.ref})
    OR EXISTS (SELECT FROM ${topicLog} ${g} JOIN ${hcsMessages} ${r}
        ON ${r.userNo} = ${ME} AND ${isTimeOf(r.consensusNs, g.consensusNs)} AND ${r.ref} = ${g.ref}
      WHERE ${g.chunkKey} = ${l.chunkKey} AND ${topicNoIn(g.ref)} = ${topicNoIn(l.ref)}))
WHERE ${t.topicId} = ${values("topicId")}`,
);

const concerned = given<Reader & { readonly topicId: TopicId; readonly sequence: number; readonly ns: ConsensusNs }>();

/** One row if this message concerns the user. */
export const CONCERNS = prepared(
  concerned,
  { ref: r.ref },
  (columns) => sql`SELECT ${columns} FROM ${hcsMessages} ${r}
WHERE ${r.userNo} = ${ME} AND ${isTimeOf(r.consensusNs, sql`${concerned("ns")}::bigint`)}
  AND ${r.ref} = ${refOf(topicNoOf(concerned("topicId")), sql`${concerned("sequence")}::bigint`)} LIMIT 1`,
);
