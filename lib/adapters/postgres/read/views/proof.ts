/** The statement of a message's proof, which is for the users whom the message concerns. */
import { getTableColumns, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, topicLog } from "../../../../../drizzle/schema";
import type { TopicId } from "../../../../core/ledger/ids";
import { isTimeOf, refOf, topicNoIn } from "../../codec/ref";
import { topicNoOf } from "../../sql/references";
import { given, prepared, type RowOf } from "../../sql/template";
import { ME, type Reader, r } from "./pages";

const l = alias(topicLog, "l");
const b = alias(topicLog, "b");
const g = alias(topicLog, "g");

const FIELDS = {
  ...getTableColumns(l),
  previousHash:
    sql<Uint8Array | null>`(SELECT ${b.runningHash} FROM ${topicLog} ${b} WHERE ${b.ref} = ${l.ref} - 1)`.mapWith(
      topicLog.runningHash,
    ),
};
export type ProofAnswer = RowOf<typeof FIELDS>;

const values = given<Reader & { readonly topicId: TopicId; readonly sequence: number }>();

/** The user's row belongs to this message, or to the message that completed its group of chunks. */
export const PROOF = prepared(
  values,
  FIELDS,
  (columns) => sql`SELECT ${columns} FROM ${topicLog} ${l}
WHERE ${l.ref} = ${refOf(topicNoOf(values("topicId")), sql`${values("sequence")}::bigint`)}
  AND (EXISTS (SELECT FROM ${hcsMessages} ${r}
      WHERE ${r.userNo} = ${ME} AND ${isTimeOf(r.consensusNs, l.consensusNs)} AND ${r.ref} = ${l.ref})
    OR EXISTS (SELECT FROM ${topicLog} ${g} JOIN ${hcsMessages} ${r}
        ON ${r.userNo} = ${ME} AND ${isTimeOf(r.consensusNs, g.consensusNs)} AND ${r.ref} = ${g.ref}
      WHERE ${g.chunkKey} = ${l.chunkKey} AND ${topicNoIn(g.ref)} = ${topicNoIn(l.ref)}))`,
);
