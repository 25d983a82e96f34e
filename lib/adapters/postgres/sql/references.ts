/**
 * Follows references between tables by scalar subqueries. The server runs a subquery that depends on no other row once, before the rest
 * of the statement. Every other one is an index look-up, whatever the table's statistics say (PGlite gathers none by itself).
 */
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicLog, topics, userHeads } from "../../../../drizzle/schema";
import type { TopicId, UserId } from "../../../core/ledger/ids";
import { topicNoIn } from "../codec/ref";

const t = alias(topics, "t");
const p = alias(userHeads, "p");
const l = alias(topicLog, "l");

/** The number of a topic. */
export const topicNoOf = (topicId: TopicId | SQLWrapper): SQL<number> =>
  sql<number>`(SELECT ${t.topicNo} FROM ${topics} ${t} WHERE ${t.topicId} = ${topicId})`;

/** The topic of a `ref`. */
export const topicIdOf = (ref: SQLWrapper): SQL<TopicId | null> =>
  sql<TopicId | null>`(SELECT ${t.topicId} FROM ${topics} ${t} WHERE ${t.topicNo} = ${topicNoIn(ref)}::integer)`;

/** SQL for the id of a user's number. */
export const userIdOf = (userNo: SQLWrapper): SQL<UserId> =>
  sql<UserId>`(SELECT ${p.userId} FROM ${userHeads} ${p} WHERE ${p.userNo} = ${userNo})`;

/** The whole message of a `ref`, in shorthand. */
export const messageOf = (ref: SQLWrapper): SQL =>
  sql`(SELECT coalesce(${l.body}, ${l.message}) FROM ${topicLog} ${l} WHERE ${l.ref} = ${ref})`;

/** The state of the signature of a `ref`'s message, as its code. */
export const signatureOf = (ref: SQLWrapper): SQL =>
  sql`(SELECT ${l.signature} FROM ${topicLog} ${l} WHERE ${l.ref} = ${ref})`;

/** The time of a `ref`'s message. */
export const timeOf = (ref: SQLWrapper): SQL =>
  sql`(SELECT ${l.consensusNs} FROM ${topicLog} ${l} WHERE ${l.ref} = ${ref})`;
