/**
 * A message's place as one number, `topic_no · 2^40 + sequence`. It takes half the width of the two, in rows and in their index.
 */
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { Sequence } from "../../../core/ledger/ids";
import { literal } from "../sql/expressions";

/** The bits of a sequence: room for MAX_SEQUENCE. */
export const REF_SHIFT = 40;

const SHIFT = literal(REF_SHIFT);

/** The sequence that a `ref` holds. */
export const sequenceOf = (ref: bigint): Sequence => Number(BigInt.asUintN(REF_SHIFT, ref)) as Sequence;

/** The first `ref` of a topic, which no message has: sequences start at 1. */
export const baseOf = (topicNo: SQLWrapper): SQL => sql`(${topicNo}::bigint << ${SHIFT})`;

/** SQL for a message's `ref`, from its topic's number and its sequence number. */
export const refOf = (topicNo: SQLWrapper, sequence: SQLWrapper): SQL => sql`(${baseOf(topicNo)} | ${sequence})`;

/** The ref of another sequence of the same topic. */
export const refAt = (ref: bigint, sequence: number): bigint =>
  ((ref >> BigInt(REF_SHIFT)) << BigInt(REF_SHIFT)) | BigInt(sequence);

/** The sequence that a `ref` holds, in SQL. */
export const sequenceIn = (ref: SQLWrapper): SQL => sql`(${ref} & ${literal((1n << BigInt(REF_SHIFT)) - 1n)})`;

/** The number of the topic that a `ref` belongs to. */
export const topicNoIn = (ref: SQLWrapper): SQL => sql`(${ref} >> ${SHIFT})`;

/** At most this many messages of one user may claim one time. Only a mirror that makes times up needs more. */
const MAX_AT_ONE_TIME = 1_000;
/** With a later time the sum below would not fit into an int64. */
const LAST_NS = 2n ** 63n - 1n - BigInt(MAX_AT_ONE_TIME);

const lastOf = (message: SQLWrapper) => sql`least(${message}, ${literal(LAST_NS)}) + ${literal(MAX_AT_ONE_TIME - 1)}`;

/** The times that a row of a message of this time may have: the message's own, or one of the next nanoseconds. */
export const timesOf = (message: SQLWrapper): SQL => sql`generate_series(${message}, ${lastOf(message)})`;

/** Whether a row of this time may be of a message of that time. */
export const isTimeOf = (row: SQLWrapper, message: SQLWrapper): SQL =>
  sql`${row} BETWEEN ${message} AND ${lastOf(message)}`;

/** Whether a row of a message of that time may lie between these two times. */
export const mayLieIn = (first: SQLWrapper, last: SQLWrapper, message: SQLWrapper): SQL =>
  sql`${first} <= ${lastOf(message)} AND ${last} >= ${message}`;
