/** The statement of a user's own messages with the bytes as they were written, so that a repeated message is recognised. */
import { sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicLog } from "../../../../../drizzle/schema";
import type { TopicId } from "../../../../core/ledger/ids";
import { isActorIn } from "../../codec/codes";
import { orNull } from "../../sql/expressions";
import { topicIdOf } from "../../sql/references";
import { parameters, preparedTemplate, type RowOf } from "../../sql/template";
import { STAMP } from "../../stamp";
import { FROM_READER, type Owner, READER, r } from "./pages";
import { fromBoth, PACKED_NS } from "./row-sources";

const l = alias(topicLog, "l");
const p = alias(topicLog, "p");

const FIELDS = {
  stamp: STAMP,
  packedNs: PACKED_NS,
  ref: orNull(p.ref),
  consensusNs: p.consensusNs,
  flags: sql<number>`p.flags`,
  topicId: sql<TopicId | null>`p.topic_id`,
  /** Null if the message is packed, as `whole` is. */
  payer: orNull(p.payer),
  whole: sql<Uint8Array | null>`p.whole`.mapWith(topicLog.message),
};
export type WrittenAnswer = RowOf<typeof FIELDS>;

const values = parameters<Owner & { readonly sinceNs: bigint; readonly limit: number }>();

/** Newest first: at least one row, whose `ref` is null if there is none. */
export const WRITTEN = fromBoth((rows, naming) =>
  preparedTemplate(
    values,
    FIELDS,
    (columns) => sql`${READER}
SELECT ${columns} ${FROM_READER} LEFT JOIN (
  SELECT ${r.ref}, ${r.consensusNs}, ${r.flags}, ${topicIdOf(r.ref)} AS topic_id, ${l.payer}, coalesce(${l.body}, ${l.message}) AS whole
  FROM (${rows({
    order: "newest",
    since: sql`${values("sinceNs")}::bigint`,
    limit: sql`${values("limit")}::integer`,
    isWanted: isActorIn(r.flags),
  })}) ${r}
  LEFT JOIN LATERAL (SELECT * FROM ${topicLog} ${l} WHERE ${l.ref} = ${r.ref} LIMIT 1) ${l} ON true) ${p} ON true
ORDER BY ${p.consensusNs} DESC`,
    naming,
  ),
);
