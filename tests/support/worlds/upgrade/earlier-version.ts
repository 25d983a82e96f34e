/**
 * A database as the version before segments leaves it (migrations 0000 to 0011), with a million rows of people, and that version's
 * commit.
 */
import type pg from "pg";
import { MIGRATIONS } from "@/drizzle/migrations/embedded";
import { migrate } from "@/lib/adapters/postgres/drivers/migrate";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { AccountId } from "@/lib/core/ledger/ids";
import { GENESIS_HASH, nextRunningHash } from "@/lib/core/ledger/running-hash";
import { sha384 } from "../../mirrors/chain";
import { topic } from "../histories/batches";

/** Its messages are interpreted again after the upgrade, because the decoder has changed, and then packed. */
export const SHORT = topic("0.0.7");
/** It is still to be interpreted again. */
export const LONG = topic("0.0.9");
export const EARLIER_PAYER = "0.0.1002" as AccountId;
/** Messages of SHORT and LONG: each has a row of two people. */
export const MESSAGES = { short: 40_000, long: 460_000 };
const PEOPLE = 500;
/** That version reads formats up to this one, and refuses others when it starts. */
export const EARLIER_FORMAT = 2;
/** The version of its decoder. */
const EARLIER_DECODER = 4;
const LATER_MIGRATIONS = MIGRATIONS.findIndex(({ name }) => name === "0012_segments");

/** Statements that lead from that version's tables to the present ones, in order. */
export const upgradeStatements = MIGRATIONS.slice(LATER_MIGRATIONS).flatMap(({ statements }) => statements);

export async function migrateAsEarlier(url: string): Promise<void> {
  const db = openPg(url);
  await migrate(db, MIGRATIONS.slice(0, LATER_MIGRATIONS));
  await db.close();
}

/** Each topic's messages go over some 27 days. */
const START_NS = "1700000000000000000";
/** The time after the last of them, in milliseconds. */
export const END_MS = 1_702_400_000_000;
export const HALF_MS = 1_200_000_000;
const SAID = `CREATE TEMP TABLE said AS
  SELECT x.*, 'tm-p' || x.actor AS actor_id, 'tm-p' || x.target AS target_id, convert_to(format(
    '{"hcs":"21","v":"1.0","type":"%s","from":"tm-p%s","nonce":%s,"payload":{"target":"tm-p%s"}}', x.type, x.actor, x.seq, x.target), 'UTF8') AS message
  FROM (
    SELECT 1 AS topic_no, s::bigint AS seq, ${START_NS} + s * 60000000000 AS ns, 1 + s * 7 % ${PEOPLE} AS actor,
      1 + (s * 7 + 1 + s % 31) % ${PEOPLE} AS target, 1::smallint AS type_no, 'CONTACT_REQUEST' AS type FROM generate_series(1::bigint, ${MESSAGES.short}) s
    UNION ALL SELECT 2, s, ${START_NS} + s * 5000000000 + 1, 1 + s * 11 % ${PEOPLE}, 1 + (s * 11 + 1 + s % 37) % ${PEOPLE}, 4::smallint, 'TRUST_ALLOCATE'
    FROM generate_series(1::bigint, ${MESSAGES.long}) s) x`;

/** Texts without phrases are kept as they are. Nobody reads the running hashes of LONG here. */
const LOG = `INSERT INTO topic_log (ref, consensus_ns, verification, disposition, hash_version, payer, running_hash, message)
  SELECT (s.topic_no::bigint << 40) | s.seq, s.ns, 0, 0, 3, '${EARLIER_PAYER}', coalesce(h.hash, sha384(s.message)), s.message
  FROM said s LEFT JOIN unnest($1::bytea[]) WITH ORDINALITY h (hash, seq) ON s.topic_no = 1 AND h.seq = s.seq`;

const REST = [
  `INSERT INTO meta (network, format) VALUES ('devnet', ${EARLIER_FORMAT})`,
  `INSERT INTO topics (topic_id, kinds, cursor, head_ns, head_hash, messages, verified, interpreted, decoder_version)
  SELECT ('{${SHORT},${LONG}}'::text[])[s.topic_no], ARRAY[CASE s.topic_no WHEN 1 THEN 'contact' ELSE 'trust' END], s.seq, s.ns,
    (SELECT l.running_hash FROM topic_log l WHERE l.ref = (s.topic_no::bigint << 40) | s.seq), s.seq, s.seq, s.seq, ${EARLIER_DECODER}
  FROM (SELECT DISTINCT ON (topic_no) * FROM said ORDER BY topic_no, seq DESC) s ORDER BY s.topic_no`,
  `INSERT INTO hcs_messages (consensus_ns, ref, user_no, n, peer_no, type_no, flags)
  SELECT r.ns, r.ref, r.person, row_number() OVER (PARTITION BY r.person ORDER BY r.ns), r.peer, r.type_no, r.flags FROM (
    SELECT ns, (topic_no::bigint << 40) | seq AS ref, actor::integer AS person, target::integer AS peer, type_no, 4 AS flags FROM said
    UNION ALL SELECT ns, (topic_no::bigint << 40) | seq, target::integer, actor::integer, type_no, 0 FROM said) r`,
  `INSERT INTO user_heads (user_no, head, user_id) SELECT user_no, count(*), 'tm-p' || user_no FROM hcs_messages GROUP BY user_no`,
  `SELECT setval('user_no', ${PEOPLE})`,
  `INSERT INTO contact_edges (user_no, peer_no, request_out_ns, request_in_ns, trust_out_ns, trust_out_weight, trust_in_ns, trust_in_weight)
  SELECT user_no, peer_no, max(consensus_ns) FILTER (WHERE type_no = 1 AND flags = 4), max(consensus_ns) FILTER (WHERE type_no = 1 AND flags = 0),
    max(consensus_ns) FILTER (WHERE type_no = 4 AND flags = 4), max(1) FILTER (WHERE type_no = 4 AND flags = 4),
    max(consensus_ns) FILTER (WHERE type_no = 4 AND flags = 0), max(1) FILTER (WHERE type_no = 4 AND flags = 0)
  FROM hcs_messages GROUP BY user_no, peer_no`,
  "ANALYZE",
];

/** Fills the database. The times are fixed, so every run has the same rows. */
export async function fillAsEarlier(client: pg.Client): Promise<void> {
  await client.query(SAID);
  const { rows } = await client.query<{ ns: string; message: Uint8Array }>(
    "SELECT ns, message FROM said WHERE topic_no = 1 ORDER BY seq",
  );
  let hash = GENESIS_HASH;
  const hashes = rows.map(({ ns, message }, i) => {
    const link = { topicId: SHORT, payer: EARLIER_PAYER, consensusNs: consensusNs(BigInt(ns)), sequence: i + 1 };
    hash = nextRunningHash(sha384, hash, link, message);
    return Buffer.from(hash);
  });
  await client.query(LOG, [hashes]);
  for (const statement of REST) await client.query(statement);
}

/** That version's commit of one message: its parts, its columns and its way to take heads. */
const COMMIT = `WITH gate AS (
  UPDATE topics SET cursor = $2::bigint + 1, head_hash = $5::bytea, head_ns = $3::bigint, messages = messages + 1, verified = verified + 1,
    interpreted = CASE WHEN decoder_version = ${EARLIER_DECODER} AND interpreted = cursor THEN $2::bigint + 1 ELSE interpreted END
  WHERE topic_id = $1 AND cursor = $2::bigint AND NOT paused AND (SELECT epoch FROM meta) = 0 RETURNING topic_no),
log AS (
  INSERT INTO topic_log AS l (ref, consensus_ns, verification, disposition, hash_version, chunk_number, chunk_total, payer, running_hash, message, chunk_key,
    body, reason, chunk_info, signature)
  SELECT (gate.topic_no::bigint << 40) | ($2::bigint + 1), $3::bigint, 0, 0, 3, NULL, NULL, '${EARLIER_PAYER}', $5::bytea, $4::bytea, NULL, NULL, NULL, NULL, NULL
  FROM gate),
people AS MATERIALIZED (SELECT t.numbers, t.heads FROM gate, LATERAL take_heads(gate.topic_no, $6::text[], '{1,1}'::integer[]) t),
rows AS (
  INSERT INTO hcs_messages (consensus_ns, ref, user_no, n, peer_no, type_no, flags, type_name)
  SELECT $3::bigint, (gate.topic_no::bigint << 40) | ($2::bigint + 1), p.numbers[x.place], p.heads[x.place], p.numbers[3 - x.place], 4, x.flags, NULL
  FROM gate, people p, (VALUES (1, 4), (2, 0)) x (place, flags)),
edges AS (
  INSERT INTO contact_edges AS e (user_no, peer_no, trust_out_ns, trust_out_weight, trust_in_ns, trust_in_weight)
  SELECT p.numbers[x.place], p.numbers[3 - x.place], x.out_ns, x.out_ns / x.out_ns, x.in_ns, x.in_ns / x.in_ns
  FROM people p, (VALUES (1, $3::bigint, NULL), (2, NULL, $3::bigint)) x (place, out_ns, in_ns)
  ON CONFLICT (user_no, peer_no) DO UPDATE SET trust_out_ns = greatest(e.trust_out_ns, excluded.trust_out_ns),
    trust_in_ns = greatest(e.trust_in_ns, excluded.trust_in_ns))
SELECT heads FROM people`;

/** Commits one message of LONG by which the first of two people gives trust to the other. False if the cursor is elsewhere. */
export async function commitAsEarlier(client: pg.Client, cursor: number, people: readonly [string, string]) {
  const ns = BigInt(START_NS) + BigInt(cursor + 1) * 5_000_000_000n + 1n;
  const [actor, target] = people;
  const body = { hcs: "21", v: "1.0", type: "TRUST_ALLOCATE", from: actor, nonce: cursor + 1, payload: { target } };
  const message = Buffer.from(JSON.stringify(body));
  const { rows } = await client.query(COMMIT, [LONG, cursor, String(ns), message, sha384(message), people]);
  return rows.length === 1;
}
