/** The statement of a user's own messages with the bytes as they were written, so that a repeated message is recognised. */
import { sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, topicLog } from "../../../../../drizzle/schema";
import type { TopicId } from "../../../../core/ledger/ids";
import { isActorIn } from "../../codec/codes";
import { orNull } from "../../sql/expressions";
import { topicIdOf } from "../../sql/references";
import { given, prepared, type RowOf } from "../../sql/template";
import { STAMP } from "../../stamp";
import { ME, type Reader, r } from "./pages";

const l = alias(topicLog, "l");
const p = alias(topicLog, "p");

const FIELDS = {
  stamp: STAMP,
  ref: orNull(p.ref),
  consensusNs: p.consensusNs,
  flags: sql<number>`p.flags`,
  topicId: sql<TopicId | null>`p.topic_id`,
  /** Null if the message is packed, as `whole` is. */
  payer: orNull(p.payer),
  whole: sql<Uint8Array | null>`p.whole`.mapWith(topicLog.message),
};
export type WrittenAnswer = RowOf<typeof FIELDS>;

const values = given<Reader & { readonly sinceNs: bigint; readonly limit: number }>();

/** Newest first: at least one row, whose `ref` is null if there is none. */
export const WRITTEN = prepared(
  values,
  FIELDS,
  (columns) => sql`SELECT ${columns} FROM (SELECT 1) one LEFT JOIN (
  SELECT ${r.ref}, ${r.consensusNs}, ${r.flags}, ${topicIdOf(r.ref)} AS topic_id, ${l.payer}, coalesce(${l.body}, ${l.message}) AS whole
  FROM (SELECT * FROM ${hcsMessages} ${r}
    WHERE ${r.userNo} = ${ME} AND ${r.consensusNs} >= ${values("sinceNs")}::bigint AND ${isActorIn(r.flags)}
    ORDER BY ${r.consensusNs} DESC LIMIT ${values("limit")}::integer) ${r}
  LEFT JOIN LATERAL (SELECT * FROM ${topicLog} ${l} WHERE ${l.ref} = ${r.ref} LIMIT 1) ${l} ON true) ${p} ON true
ORDER BY ${p.consensusNs} DESC`,
);
