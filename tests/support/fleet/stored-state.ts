/** Prints everything that a database stores from the ledger as lines, so that tests can compare two databases. */
import { hash } from "node:crypto";
import pg from "pg";
import { disposition, NO_PAYER, signatureState, verification } from "@/lib/adapters/postgres/codec/codes";
import { LogSegment } from "@/lib/adapters/postgres/codec/log-segment";
import { toShorthand } from "@/lib/adapters/postgres/codec/shorthand";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { LogEntry } from "@/lib/core/signals/batch";

/** The rows of people, packed or not. */
const EVERY_ROW = "(SELECT * FROM hcs_messages UNION ALL SELECT x.* FROM user_segments s, rows_in(s) x)";

/** The places of messages, packed or not. */
const EVERY_REF = `(SELECT ref FROM topic_log UNION ALL SELECT (s.topic_no::bigint << 40) + s.first_seq + i
    FROM topic_segments s, generate_series(0, 255) i WHERE get_bit(s.held, i) = 1)`;

/**
 * All rows without positions. Races decide the order of positions, never their number. Packed messages are not among them
 * (`packedLines`).
 */
export const STORED_LINES = `
  SELECT concat_ws(' ', 'topic', topic_id, cursor, head_ns, encode(head_hash, 'hex'), messages, verified, unverifiable, failed,
    undecodable, untrusted, unproven) FROM topics
  UNION ALL SELECT concat_ws(' ', 'gap', topic_no, from_seq, to_seq, state) FROM topic_gaps
  UNION ALL SELECT concat_ws(' ', 'log', t.topic_id, l.ref - (t.topic_no::bigint << 40), l.consensus_ns, l.verification, l.disposition,
    l.payer, l.reason, l.signature, l.chunk_key, l.chunk_number, l.chunk_total, md5(l.message), md5(l.running_hash), md5(l.body))
    FROM topic_log l JOIN topics t ON t.topic_no = l.ref >> 40
  UNION ALL SELECT concat_ws(' ', 'user', user_id, head) FROM user_heads
  UNION ALL SELECT concat_ws(' ', 'row', u.user_id, r.consensus_ns, t.topic_id, r.ref - (t.topic_no::bigint << 40), p.user_id, r.type_no,
    r.type_name, r.flags)
    FROM ${EVERY_ROW} r JOIN user_heads u USING (user_no) JOIN topics t ON t.topic_no = r.ref >> 40
      LEFT JOIN user_heads p ON p.user_no = r.peer_no
  UNION ALL SELECT concat_ws(' ', 'edge', u.user_id, p.user_id, (to_jsonb(e) - 'user_no' - 'peer_no')::text)
    FROM contact_edges e JOIN user_heads u USING (user_no) JOIN user_heads p ON p.user_no = e.peer_no
  UNION ALL SELECT concat_ws(' ', 'profile', u.user_id, (to_jsonb(f) - 'user_no' - 'ref')::text) FROM profiles f JOIN user_heads u USING (user_no)
  UNION ALL SELECT concat_ws(' ', 'definition', (to_jsonb(d) - 'ref' - 'claims')::text) FROM recognition_definitions d`;

/** Users whose positions are not 1 to their head, each once. Topics whose log is not 1 to their cursor, each once. */
export const STORED_FLAWS = `
  SELECT 'positions of ' || u.user_id AS flaw FROM user_heads u LEFT JOIN ${EVERY_ROW} r USING (user_no) GROUP BY u.user_no, u.user_id, u.head
    HAVING count(r.n) <> u.head OR count(DISTINCT r.n) <> u.head OR coalesce(min(r.n), 1) <> 1 OR coalesce(max(r.n), 0) <> u.head
  UNION ALL SELECT 'log of ' || t.topic_id FROM topics t LEFT JOIN ${EVERY_REF} l ON l.ref >> 40 = t.topic_no GROUP BY t.topic_no
    HAVING count(l.ref) <> t.cursor OR count(DISTINCT l.ref) <> t.cursor OR coalesce(max(l.ref) - (t.topic_no::bigint << 40), 0) <> t.cursor`;

export interface StoredState {
  readonly lines: readonly string[];
  /** Broken invariants, in words. */
  readonly flaws: readonly string[];
  /** Count since the database was created. */
  readonly deadlocks: number;
  /** Segments of logs and of people's rows. */
  readonly segments: { readonly log: number; readonly user: number };
}

export async function storedState(databaseUrl: string): Promise<StoredState> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    const lines = await client.query<{ line: string }>(
      `SELECT line FROM (${STORED_LINES}) AS x (line) ORDER BY line COLLATE "C"`,
    );
    const segments = await client.query<PackedSegment>(
      "SELECT topic_id, content FROM topic_segments JOIN topics USING (topic_no)",
    );
    const [user] = (await client.query("SELECT count(*) FROM user_segments")).rows;
    const flaws = await client.query<{ flaw: string }>(STORED_FLAWS);
    const [stat] = (await client.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
      .rows;
    return {
      lines: [...lines.rows.map(({ line }) => line), ...segments.rows.flatMap(packedLines)],
      segments: { log: segments.rows.length, user: Number(user?.count) },
      flaws: flaws.rows.map(({ flaw }) => flaw),
      deadlocks: Number(stat?.deadlocks),
    };
  } finally {
    await client.end();
  }
}

interface PackedSegment {
  readonly topic_id: TopicId;
  readonly content: Uint8Array;
}

const md5 = (bytes: Uint8Array): string => hash("md5", bytes);

/** The lines of a log segment's messages, as STORED_LINES has them for messages that are not packed. */
function packedLines({ topic_id: topicId, content }: PackedSegment): readonly string[] {
  const lineOf = ({ chunk, ...entry }: LogEntry) => [
    ...["log", topicId, entry.sequence, entry.consensusNs],
    ...[
      verification.code(entry.verification),
      disposition.code(entry.disposition),
      entry.payer ?? NO_PAYER,
      entry.reason,
    ],
    ...[entry.signature ? signatureState.code(entry.signature) : null, chunk?.key, chunk?.number, chunk?.total],
    md5(toShorthand(entry.message)),
    ...[entry.runningHash, entry.body && toShorthand(entry.body)].map((bytes) => bytes && md5(bytes)),
  ];
  const entries = new LogSegment(topicId, content).entries();
  return entries.map((entry) =>
    lineOf(entry)
      .filter((part) => part !== null && part !== undefined)
      .join(" "),
  );
}

/** Lines that only one side has, marked `missing` or `too many`. Repeated lines count. */
export function differences(expected: readonly string[], actual: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of expected) left.set(line, (left.get(line) ?? 0) + 1);
  for (const line of actual) left.set(line, (left.get(line) ?? 0) - 1);
  return [...left].flatMap(([line, count]) => (count === 0 ? [] : [`${count > 0 ? "missing" : "too many"}: ${line}`]));
}
