/**
 * The one statement that writes a batch. Its parts depend on each other in this order, which makes it safe among its kind:
 *
 *   gate ─┬─ log                         the swap; with no row from it, nothing below has anything to do
 *         └─ heads ─ people ─┬─ rows      user heads, locked in the order of user ids: two batches never wait for each other
 *                            ├─ edges     everything of a user is written under the lock of the user's head …
 *                            ├─ profiles
 *                            └─ definitions   … and what belongs to nobody, last, in the order of ids
 *
 * A row's position is the head before the batch plus the row's number among the user's rows, as the batch has them. So positions
 * have no gaps and no repeats whatever races, which is why rows that exist already must not be counted (`mayExist`).
 *
 * People are sent once, sorted, and referred to by their place in that order. `people` holds their numbers and heads as two
 * arrays in the same order, so what follows picks by subscript and the plan has no join that could be planned badly.
 */
import type { Batch, UserRow } from "../../../core/signals/batch";
import { flagsOf, typeNumber, UNNAMED_TYPE } from "../codec/codes";
import { isTimeOf, REF_SHIFT, timesOf } from "../codec/ref";
import { People } from "../read/people";
import { STAMP } from "../stamp";
import { edgesPart } from "./edges-part";
import { definitionsPart, profilesPart } from "./facts-part";
import { logPart } from "./log-part";
import { numbers, type Params, texts } from "./params";

export interface WriteOptions {
  /** The CTEs that end in `gate (topic_no)`, one row or none. */
  readonly gate: string;
  /** Look for rows that exist already: leave them out of the counting and bring their flags up to date. */
  readonly mayExist: boolean;
}

export interface WriteStatement {
  readonly sql: string;
  /** The users in the order of the answer's `heads`. */
  readonly users: readonly string[];
}

/** Builds the statement. It answers one row: `topic_no` (null: the gate was shut), `epoch`, `stamp` before the change,
 * `heads`, `kept`. */
export function writeStatement(batch: Batch, params: Params, { gate, mayExist }: WriteOptions): WriteStatement {
  const people = People.of(batch);
  const parts = [
    gate,
    logPart(batch.entries, params, mayExist),
    ...(mayExist ? sifted : asGiven)(batch.rows, people, params),
    HEADS,
    PEOPLE,
    ROWS,
    ...(mayExist ? [FLAGS] : []),
    ...edgesPart(batch.edges, people, params),
    ...profilesPart(batch, people, params),
    ...definitionsPart(batch.definitions, params),
  ];
  const sql = `WITH ${parts.join(",\n")}
SELECT (SELECT topic_no FROM gate) AS topic_no, (SELECT epoch FROM meta) AS epoch, ${STAMP} AS stamp,
  (SELECT array_to_string(heads, ',') FROM people) AS heads,
  ${mayExist ? "(SELECT coalesce(string_agg(ord::text, ',' ORDER BY ord), '') FROM fresh)" : "NULL"} AS kept`;
  return { sql, users: people.ids };
}

const ROW_NAMES = "person, ns, seq, peer, type_no, type_name, flags";

function rowColumns(rows: readonly UserRow[], people: People, params: Params): string {
  const types = rows.map((row) => typeNumber(row.type));
  return [
    params.add(numbers(rows.map((row) => people.place(row.userId))), "integer[]"),
    params.add(numbers(rows.map((row) => row.consensusNs)), "bigint[]"),
    params.add(numbers(rows.map((row) => row.sequence)), "bigint[]"),
    params.add(numbers(rows.map((row) => (row.peerId === null ? null : people.place(row.peerId)))), "integer[]"),
    params.add(numbers(types), "smallint[]"),
    params.add(texts(rows.map((row, i) => (types[i] === UNNAMED_TYPE ? row.type : null))), "text[]"),
    params.add(numbers(rows.map(flagsOf)), "smallint[]"),
  ].join(", ");
}

/** All rows are new, so they are counted here: `back` is how far a row is from the user's head after the batch, 0 or less. */
function asGiven(rows: readonly UserRow[], people: People, params: Params): string[] {
  const left = rows.reduce((counts, { userId }) => {
    const place = people.place(userId) - 1;
    counts[place] = (counts[place] as number) + 1;
    return counts;
  }, new Array<number>(people.ids.length).fill(0));
  const added = numbers(left);
  const back = rows.map(({ userId }) => {
    const place = people.place(userId) - 1;
    left[place] = (left[place] as number) - 1;
    return -(left[place] as number);
  });
  const columns = `${rowColumns(rows, people, params)}, ${params.add(numbers(back), "integer[]")}`;
  return [
    `users AS (SELECT * FROM unnest(${params.add(texts(people.ids), "text[]")}, ${params.add(added, "integer[]")}) AS u (user_id, added))`,
    `fresh AS (SELECT * FROM unnest(${columns}) AS r (${ROW_NAMES}, back))`,
  ];
}

/** The rows `m` of people `g`. */
const OF_PERSON = "given g JOIN user_heads h ON h.user_id = g.user_id JOIN hcs_messages m ON m.user_no = h.user_no";
/** A row of the person of `r` at this time. */
const taken = (time: string) => `SELECT FROM ${OF_PERSON} WHERE g.place = r.person AND m.consensus_ns = ${time}`;

/**
 * Rows that exist are left out, and the rest counted by the server. A user's rows have times of their own, by which pages go on:
 * where a mirror claims a time for several messages, each after the first takes the next nanosecond that is free. The log keeps
 * the time that was claimed.
 */
function sifted(rows: readonly UserRow[], people: People, params: Params): string[] {
  return [
    `given AS MATERIALIZED (SELECT * FROM unnest(${params.add(texts(people.ids), "text[]")}) WITH ORDINALITY AS u (user_id, place))`,
    `incoming AS MATERIALIZED (SELECT * FROM unnest(${rowColumns(rows, people, params)}) WITH ORDINALITY AS r (${ROW_NAMES}, ord))`,
    `known AS MATERIALIZED (
  SELECT r.ord, m.consensus_ns AS ns FROM gate, incoming r, ${OF_PERSON}
  WHERE g.place = r.person AND ${isTimeOf("m.consensus_ns", "r.ns")} AND m.ref = (gate.topic_no::bigint << ${REF_SHIFT}) | r.seq)`,
    `new_rows AS MATERIALIZED (
  SELECT r.*, row_number() OVER (PARTITION BY r.person, r.ns ORDER BY r.ord) - 1 AS before,
    (row_number() OVER (PARTITION BY r.person ORDER BY r.ord) - count(*) OVER (PARTITION BY r.person))::integer AS back
  FROM incoming r WHERE NOT EXISTS (SELECT FROM known k WHERE k.ord = r.ord))`,
    `fresh AS MATERIALIZED (
  SELECT r.person, r.seq, r.peer, r.type_no, r.type_name, r.flags, r.ord, r.back,
    CASE WHEN r.before = 0 AND NOT EXISTS (${taken("r.ns")}) THEN r.ns
    ELSE (SELECT free FROM ${timesOf("r.ns")} AS free WHERE NOT EXISTS (${taken("free")}) ORDER BY free OFFSET r.before LIMIT 1) END AS ns
  FROM new_rows r)`,
    `users AS (SELECT g.user_id, (SELECT count(*)::integer FROM fresh WHERE fresh.person = g.place) AS added FROM given g)`,
  ];
}

/**
 * New users get a number. The sequence is asked only for them: its numbers have four bytes to last for, and a plain default
 * would use one up for each person of each batch.
 */
const HEADS = `heads AS (
  INSERT INTO user_heads AS h (user_id, user_no, head)
  SELECT u.user_id, coalesce((SELECT k.user_no FROM user_heads k WHERE k.user_id = u.user_id), nextval('user_no')::integer), u.added
  FROM gate, users u ORDER BY u.user_id COLLATE "C"
  ON CONFLICT (user_id) DO UPDATE SET head = h.head + excluded.head
  RETURNING h.user_id, h.user_no, h.head)`;

const PEOPLE = `people AS MATERIALIZED (
  SELECT array_agg(h.user_no ORDER BY h.user_id) AS numbers, array_agg(h.head ORDER BY h.user_id) AS heads FROM heads h)`;

const ROWS = `rows AS (
  INSERT INTO hcs_messages (consensus_ns, ref, user_no, n, peer_no, type_no, flags, type_name)
  SELECT r.ns, (gate.topic_no::bigint << ${REF_SHIFT}) | r.seq, (SELECT numbers FROM people)[r.person],
    (SELECT heads FROM people)[r.person] + r.back, (SELECT numbers FROM people)[r.peer], r.type_no, r.flags, r.type_name
  FROM gate, fresh r)`;

/** A message that is checked anew may be better or worse than it was. */
const FLAGS = `flags AS (
  UPDATE hcs_messages m SET flags = r.flags FROM known k JOIN incoming r ON r.ord = k.ord
  WHERE m.user_no = (SELECT numbers FROM people)[r.person] AND m.consensus_ns = k.ns AND m.flags <> r.flags)`;
