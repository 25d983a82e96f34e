/**
 * The one statement that writes a batch. Its parts run in this order, which makes it safe against others of its kind:
 *
 *   gate ─┬─ log                         the swap; with no row from it, nothing below has anything to do
 *         └─ heads ─ numbered ─┬─ rows    user heads, locked in the order of user ids: two batches never wait for each other
 *                              ├─ edges   everything of a user is written under the lock of the user's head …
 *                              ├─ profiles
 *                              └─ definitions   … and what belongs to nobody, last, in the order of ids
 *
 * A row's position is the head before the batch plus the row's number among the user's rows, by consensus time. So positions
 * have no gaps and no repeats whatever races, which is why rows that exist already must not be counted (`isKnown`).
 */
import type { Batch, LogEntry, UserRow } from "../../core/batch";
import { disposition, flagsOf, typeNumber, UNNAMED_TYPE, verification } from "./codes";
import { edgesPart } from "./edges-part";
import { definitionsPart, profilesPart } from "./facts-part";
import { Blob, numbers, type Params, texts } from "./params";

/** `topic_no · 2^40 + sequence`: see drizzle/schema.ts. */
export const REF_SHIFT = 40;

export interface WriteStatement {
  readonly sql: string;
  /** The users in the order that the result's `bases` refer to. */
  readonly users: readonly string[];
}

export interface WriteOptions {
  /** The CTEs that end in `gate (topic_no)`, one row or none. */
  readonly gate: string;
  /** Look for rows that exist already: leave them out of the counting and bring their flags up to date. */
  readonly mayExist: boolean;
}

/** Builds the statement. It answers one row: `topic_no` (null: the gate was shut), `epoch`, `bases`, `kept`. */
export function writeStatement(batch: Batch, params: Params, { gate, mayExist }: WriteOptions): WriteStatement {
  const users = new UserIndex();
  const incoming = incomingPart(batch.rows, users, params);
  const parts = [
    gate,
    logPart(batch.entries, params, mayExist),
    incoming,
    "", // users: known only when everything below has named its own
    fresh(mayExist),
    HEADS,
    NUMBERED,
    rowsPart(),
    ...(mayExist ? [FLAGS] : []),
    ...edgesPart(batch.edges, users, params),
    ...profilesPart(batch, users, params),
    ...definitionsPart(batch.definitions, params),
  ];
  parts[3] = `users AS MATERIALIZED (SELECT * FROM unnest(${params.add(texts(users.ids), "text[]")}) WITH ORDINALITY AS u (user_id, ix))`;
  const sql = `WITH ${parts.join(",\n")}
SELECT (SELECT topic_no FROM gate) AS topic_no, (SELECT epoch FROM meta) AS epoch,
  (SELECT string_agg(base::text, ',' ORDER BY ix) FROM numbered) AS bases,
  ${mayExist ? "(SELECT string_agg(ord::text, ',' ORDER BY ord) FROM fresh)" : "NULL"} AS kept`;
  return { sql, users: users.ids };
}

/** Users by number inside a statement: an id is sent once however often it occurs. From 1, as WITH ORDINALITY counts. */
export class UserIndex {
  readonly ids: string[] = [];
  private readonly byId = new Map<string, number>();

  of(userId: string): number {
    const known = this.byId.get(userId);
    if (known !== undefined) return known;
    this.ids.push(userId);
    this.byId.set(userId, this.ids.length);
    return this.ids.length;
  }
}

function logPart(entries: readonly LogEntry[], params: Params, mayExist: boolean): string {
  const blob = new Blob();
  const offsets: number[] = [];
  const messages: (number | null)[] = [];
  const hashes: (number | null)[] = [];
  const bodies: (number | null)[] = [];
  for (const entry of entries) {
    offsets.push(blob.end + 1);
    messages.push(blob.add(entry.message));
    hashes.push(blob.add(entry.runningHash));
    bodies.push(blob.add(entry.body));
  }
  // A message that is its own only chunk is whole: its numbers say nothing, and the SDK sends them with every message.
  const chunks = entries.map(({ chunk }) => (chunk !== null && chunk.total > 1 ? chunk : null));
  const columns = [
    params.add(numbers(entries.map((entry) => entry.sequence)), "bigint[]"),
    params.add(numbers(entries.map((entry) => entry.consensusNs)), "bigint[]"),
    params.add(numbers(entries.map((entry) => verification.code(entry.verification))), "smallint[]"),
    params.add(numbers(entries.map((entry) => disposition.code(entry.disposition))), "smallint[]"),
    params.add(numbers(entries.map((entry) => entry.runningHashVersion)), "smallint[]"),
    params.add(texts(entries.map((entry) => entry.payer)), "text[]"),
    params.add(texts(entries.map((entry) => entry.reason)), "text[]"),
    params.add(texts(chunks.map((chunk) => chunk?.key ?? null)), "text[]"),
    params.add(numbers(chunks.map((chunk) => chunk?.number ?? null)), "integer[]"),
    params.add(numbers(chunks.map((chunk) => chunk?.total ?? null)), "integer[]"),
    params.add(numbers(offsets), "integer[]"),
    params.add(numbers(messages), "integer[]"),
    params.add(numbers(hashes), "integer[]"),
    params.add(numbers(bodies), "integer[]"),
  ];
  const bytes = params.add(blob.bytes(), "bytea");
  return `log AS (
  INSERT INTO topic_log AS l (ref, consensus_ns, verification, disposition, hash_version, chunk_number, chunk_total, payer,
    running_hash, message, chunk_key, body, reason)
  SELECT (gate.topic_no::bigint << ${REF_SHIFT}) | e.seq, e.ns, e.verification, e.disposition, e.hash_version, e.chunk_number,
    e.chunk_total, e.payer, substring(${bytes} FROM e.at + e.message FOR e.hash), substring(${bytes} FROM e.at FOR e.message),
    e.chunk_key, substring(${bytes} FROM e.at + e.message + coalesce(e.hash, 0) FOR e.body), e.reason
  FROM gate, unnest(${columns.join(", ")}) AS e (seq, ns, verification, disposition, hash_version, payer, reason, chunk_key,
    chunk_number, chunk_total, at, message, hash, body)${mayExist ? REPLACE : ""})`;
}

const REPLACE = `
  ON CONFLICT (ref) DO UPDATE SET consensus_ns = excluded.consensus_ns, verification = excluded.verification,
    disposition = excluded.disposition, hash_version = excluded.hash_version, chunk_number = excluded.chunk_number,
    chunk_total = excluded.chunk_total, payer = excluded.payer, running_hash = excluded.running_hash,
    message = excluded.message, chunk_key = excluded.chunk_key, body = excluded.body, reason = excluded.reason`;

function incomingPart(rows: readonly UserRow[], users: UserIndex, params: Params): string {
  const types = rows.map((row) => typeNumber(row.type));
  const columns = [
    params.add(numbers(rows.map((row) => users.of(row.userId))), "integer[]"),
    params.add(numbers(rows.map((row) => row.consensusNs)), "bigint[]"),
    params.add(numbers(rows.map((row) => row.sequence)), "bigint[]"),
    params.add(numbers(rows.map((row) => (row.peerId === null ? null : users.of(row.peerId)))), "integer[]"),
    params.add(numbers(types), "smallint[]"),
    params.add(texts(rows.map((row, i) => (types[i] === UNNAMED_TYPE ? row.type : null))), "text[]"),
    params.add(numbers(rows.map(flagsOf)), "smallint[]"),
  ];
  return `incoming AS MATERIALIZED (SELECT * FROM unnest(${columns.join(", ")})
  WITH ORDINALITY AS r (user_ix, ns, seq, peer_ix, type_no, type_name, flags, ord))`;
}

const fresh = (mayExist: boolean) =>
  `fresh AS MATERIALIZED (SELECT r.*, row_number() OVER (PARTITION BY user_ix ORDER BY ns) AS k FROM incoming r${mayExist ? NOT_KNOWN : ""})`;

const NOT_KNOWN = `
  WHERE NOT EXISTS (SELECT FROM users u JOIN user_heads h ON h.user_id = u.user_id
    JOIN hcs_messages m ON m.user_no = h.user_no WHERE u.ix = r.user_ix AND m.consensus_ns = r.ns)`;

/** New users get a number. The sequence is asked only for them: it has four bytes to last for, and messages are many more than users. */
const HEADS = `heads AS (
  INSERT INTO user_heads AS h (user_id, user_no, head)
  SELECT u.user_id, coalesce(known.user_no, nextval('user_no')::integer), coalesce(added.rows, 0)
  FROM gate, users u
  LEFT JOIN (SELECT user_ix, count(*)::integer AS rows FROM fresh GROUP BY user_ix) added ON added.user_ix = u.ix
  LEFT JOIN user_heads known ON known.user_id = u.user_id
  ORDER BY u.user_id COLLATE "C"
  ON CONFLICT (user_id) DO UPDATE SET head = h.head + excluded.head
  RETURNING h.user_id, h.user_no, h.head)`;

const NUMBERED = `numbered AS MATERIALIZED (
  SELECT u.ix, h.user_no, h.head - coalesce(added.rows, 0) AS base
  FROM heads h JOIN users u ON u.user_id = h.user_id
  LEFT JOIN (SELECT user_ix, count(*)::integer AS rows FROM fresh GROUP BY user_ix) added ON added.user_ix = u.ix)`;

const rowsPart = () => `rows AS (
  INSERT INTO hcs_messages (consensus_ns, ref, user_no, n, peer_no, type_no, flags, type_name)
  SELECT r.ns, (gate.topic_no::bigint << ${REF_SHIFT}) | r.seq, own.user_no, own.base + r.k, peer.user_no, r.type_no, r.flags, r.type_name
  FROM gate, fresh r JOIN numbered own ON own.ix = r.user_ix LEFT JOIN numbered peer ON peer.ix = r.peer_ix)`;

/** A message that is checked anew may be better or worse than it was. */
const FLAGS = `flags AS (
  UPDATE hcs_messages m SET flags = r.flags
  FROM gate, incoming r JOIN numbered own ON own.ix = r.user_ix
  WHERE m.user_no = own.user_no AND m.consensus_ns = r.ns AND m.flags <> r.flags)`;
