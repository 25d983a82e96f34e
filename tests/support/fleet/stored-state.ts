/** Prints everything that a database stores from the ledger as lines, so that tests can compare two databases. */
import pg from "pg";

/** The rows of people, packed or not. */
const EVERY_ROW = "(SELECT * FROM hcs_messages UNION ALL SELECT x.* FROM user_segments s, rows_in(s) x)";

/** All rows without positions. Races decide the order of positions, never their number. */
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
  UNION ALL SELECT 'log of ' || t.topic_id FROM topics t LEFT JOIN topic_log l ON l.ref >> 40 = t.topic_no GROUP BY t.topic_no
    HAVING count(l.ref) <> t.cursor OR coalesce(max(l.ref) - (t.topic_no::bigint << 40), 0) <> t.cursor`;

export interface StoredState {
  readonly lines: readonly string[];
  /** Broken invariants, in words. */
  readonly flaws: readonly string[];
  /** Count since the database was created. */
  readonly deadlocks: number;
}

export async function storedState(databaseUrl: string): Promise<StoredState> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    const lines = await client.query<{ line: string }>(
      `SELECT line FROM (${STORED_LINES}) AS x (line) ORDER BY line COLLATE "C"`,
    );
    const flaws = await client.query<{ flaw: string }>(STORED_FLAWS);
    const [stat] = (await client.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
      .rows;
    return {
      lines: lines.rows.map(({ line }) => line),
      flaws: flaws.rows.map(({ flaw }) => flaw),
      deadlocks: Number(stat?.deadlocks),
    };
  } finally {
    await client.end();
  }
}

/** Lines that only one side has, marked `missing` or `too many`. Repeated lines count. */
export function differences(expected: readonly string[], actual: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of expected) left.set(line, (left.get(line) ?? 0) + 1);
  for (const line of actual) left.set(line, (left.get(line) ?? 0) - 1);
  return [...left].flatMap(([line, count]) => (count === 0 ? [] : [`${count > 0 ? "missing" : "too many"}: ${line}`]));
}
