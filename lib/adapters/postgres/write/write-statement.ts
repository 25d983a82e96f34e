/**
 * The one statement that writes a batch. Its parts depend on each other in this order, so several such statements may run at once:
 *
 *   gate ─┬─ log                         the swap; with no row from it, nothing below has anything to do
 *         └─ people ─┬─ rows      user heads, locked in the order of user ids: two batches cannot deadlock
 *                    ├─ edges     everything of a user is written under the lock of the user's head …
 *                    ├─ profiles
 *                    └─ definitions   … and the rows that belong to no user come last, in the order of ids
 *
 * A row's position is the head before the batch plus the row's number among the user's rows, as the batch has them. So positions
 * have no gaps and no repeats in any race. Rows that exist already must not count (`mayExist`), or they would leave gaps.
 *
 * Users are sent once, sorted, and referred to by their place in that order. `people` holds their numbers and heads as two
 * arrays in the same order, so the parts below pick by subscript and the plan has no join that could be planned badly.
 */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { hcsMessages, meta } from "../../../../drizzle/schema";
import type { Batch } from "../../../core/signals/batch";
import { refOf } from "../codec/ref";
import type { Statement } from "../drivers/database";
import { names } from "../sql/expressions";
import { constantSql, type RowOf, recurringTemplate, template } from "../sql/template";
import { STAMP } from "../stamp";
import { BatchUsers } from "./batch-users";
import { definitionsPart } from "./definitions-part";
import { edgesPart } from "./edges-part";
import { logPart } from "./log-part";
import { profilesPart } from "./profiles-part";
import { isRowOf, PARTS_OF_MIXED_ROWS, partsBeforeGate, partsOfNewRows } from "./rows-part";

export interface WriteOptions {
  /** The CTEs that end in `gate (topic_no)`, one row or none. */
  readonly gate: SQL;
  /**
   * Some rows may exist already. They take no new position, and their flags are updated. The gate must be shut while a row that
   * changes is packed (`IS_UNPACKED`).
   */
  readonly mayExist: boolean;
  /** The gate's text is the usual one, so each connection keeps the plan. There is one for each choice of the optional parts. */
  readonly isUsual?: boolean;
}

/** `topicNo` null: the gate was shut. `stamp`: the one before the change. */
const ANSWER = {
  topicNo: sql<number | null>`(SELECT topic_no FROM gate)`,
  epoch: sql<number>`(SELECT ${meta.epoch} FROM ${meta})`,
  stamp: STAMP,
  /** The heads of the users after the batch, in the order of `users`: "3,1,2". */
  heads: sql<string | null>`(SELECT array_to_string(heads, ',') FROM people)`,
  /** The numbers of the users, in the same order and form. */
  userNumbers: sql<string | null>`(SELECT array_to_string(numbers, ',') FROM people)`,
  /** The numbers from 1 of the batch's rows that were new; null: all of them were. */
  kept: sql<string | null>`kept.rows`,
};
export type WriteAnswer = RowOf<typeof ANSWER>;

export interface WriteStatement {
  /** Answers one row. */
  readonly statement: Statement<readonly WriteAnswer[]>;
  /** The users in the order of the answer's `heads`. */
  readonly users: readonly string[];
}

/** Builds the statement. It writes nothing, and answers `topicNo` null, if the gate is shut. Fails as a whole if a row cannot be stored. */
export function writeStatement(batch: Batch, { gate, mayExist, isUsual = false }: WriteOptions): WriteStatement {
  const users = BatchUsers.of(batch);
  const parts = [
    ...(mayExist ? partsBeforeGate(batch, users) : []),
    gate,
    logPart(batch.entries, mayExist ? "is replaced" : "fails"),
    ...(mayExist ? PARTS_OF_MIXED_ROWS : partsOfNewRows(batch.rows, users)),
    mayExist ? KNOWN_PEOPLE : PEOPLE,
    ROWS,
    ...(mayExist ? [FLAGS] : []),
    ...edgesPart(batch.edges, users),
    ...profilesPart(batch, users),
    ...definitionsPart(batch.definitions),
  ];
  const kept = mayExist ? KEPT : sql`NULL`;
  const statement = (isUsual ? recurringTemplate : template)(
    ANSWER,
    (answer) => sql`WITH ${sql.join(parts, sql`,\n`)}\nSELECT ${answer} FROM (SELECT ${kept} AS rows) kept`,
  );
  return { statement, users: users.ids };
}

const KEPT = constantSql(sql`(SELECT coalesce(string_agg(ord::text, ',' ORDER BY ord), '') FROM fresh)`);

/**
 * New users get a number. A function of the database (migration 0013) takes the heads, because its statements see what others
 * have committed while it waited, and it writes less into the log than INSERT … ON CONFLICT. It refuses rows that are not later than
 * the packed ones of their user: `firstNs` are the first times of the users' rows.
 */
const peopleWith = (firstNs: SQL) => sql`people AS MATERIALIZED (
  SELECT t.numbers, t.heads FROM gate, LATERAL take_heads(gate.topic_no,
    (SELECT array_agg(u.user_id ORDER BY u.user_id COLLATE "C") FROM users u),
    (SELECT array_agg(u.added ORDER BY u.user_id COLLATE "C") FROM users u), ${firstNs}) t)`;
const PEOPLE = constantSql(peopleWith(sql`(SELECT array_agg(u.first_ns ORDER BY u.user_id COLLATE "C") FROM users u)`));
/** For a statement that looks for packed rows itself, so that the function must not refuse its rows. */
const KNOWN_PEOPLE = constantSql(peopleWith(sql`NULL`));

const m = alias(hcsMessages, "m");

const ROWS = constantSql(sql`rows AS (
  INSERT INTO ${hcsMessages} (${names(m.consensusNs, m.ref, m.userNo, m.n, m.peerNo, m.typeNo, m.flags, m.typeName)})
  SELECT r.ns, ${refOf(sql`gate.topic_no`, sql`r.seq`)}, (SELECT numbers FROM people)[r.person],
    (SELECT heads FROM people)[r.person] + r.back, (SELECT numbers FROM people)[r.peer], r.type_no, r.flags, r.type_name
  FROM gate, fresh r)`);

/** A message that is looked at again may turn out better or worse than before, or mean something else. */
const FLAGS = constantSql(sql`flags AS (
  UPDATE ${hcsMessages} ${m} SET ${names(m.flags)} = r.flags, ${names(m.typeNo)} = r.type_no, ${names(m.typeName)} = r.type_name,
    ${names(m.peerNo)} = (SELECT numbers FROM people)[r.peer]
  FROM known k JOIN incoming r ON r.ord = k.ord
  WHERE ${isRowOf(sql`(SELECT numbers FROM people)[r.person]`)} AND ${m.consensusNs} = k.ns
    AND (${m.flags}, ${m.typeNo}, ${m.typeName}, ${m.peerNo}) IS DISTINCT FROM
      (r.flags, r.type_no, r.type_name, (SELECT numbers FROM people)[r.peer]))`);
