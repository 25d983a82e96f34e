import { MAX_CHUNKS } from "../../core/ledger/chunks";
import { MAX_SEQUENCE, type TopicId, type TopicKind } from "../../core/ledger/ids";
import type { Batch, LogEntry } from "../../core/signals/batch";
import { POSITIONS_PER_EPOCH } from "../../core/signals/position";
import type { CommitOutcome, Gap, Refolded, SyncStore, TopicState } from "../../ports/store/sync-store";
import { disposition, gapState } from "./codec/codes";
import { gap, logEntry, topicState } from "./codec/decode-row";
import { REF_SHIFT } from "./codec/ref";
import { type Row, refusal } from "./drivers/database";
import type { Statements } from "./drivers/statements";
import type { Readable } from "./read/readable";
import { STAMP } from "./stamp";
import { backfillBatch } from "./write/backfill";
import { commitBatch } from "./write/commit";
import { texts } from "./write/params";
import { dropSome, reproject, startOver } from "./write/start-over";

/** The first `ref` of a topic, as an expression that names its id with `$1`. */
const BASE = `(SELECT topic_no::bigint << ${REF_SHIFT} FROM topics WHERE topic_id = $1::text)`;
const TOPIC_NO = "(SELECT topic_no FROM topics WHERE topic_id = $1::text)";

const SUSPECTED = gapState.code("suspected");

/** The durable side of sync in PostgreSQL. */
export class PostgresSyncStore implements SyncStore {
  constructor(
    private readonly db: Statements,
    private readonly readable: Readable,
  ) {}

  async ensureTopics(topics: readonly { topicId: TopicId; kinds: readonly TopicKind[] }[]): Promise<void> {
    if (topics.length === 0) return;
    const pairs = topics.flatMap(({ topicId, kinds }) => kinds.map((kind) => ({ topicId, kind })));
    await this.db.run(
      "topics",
      `INSERT INTO topics AS t (topic_id, kinds)
      SELECT x.topic_id, array_agg(DISTINCT x.kind ORDER BY x.kind) FROM unnest($1::text[], $2::text[]) AS x (topic_id, kind)
      GROUP BY x.topic_id ORDER BY x.topic_id
      ON CONFLICT (topic_id) DO UPDATE SET kinds = (SELECT array_agg(DISTINCT k ORDER BY k) FROM unnest(t.kinds || excluded.kinds) AS k)
      WHERE NOT t.kinds @> excluded.kinds`,
      [texts(pairs.map((pair) => pair.topicId)), texts(pairs.map((pair) => pair.kind))],
    );
  }

  async topics(): Promise<readonly TopicState[]> {
    return (await this.db.run("topics", "SELECT * FROM topics ORDER BY topic_no")).map(topicState);
  }

  async topic(topicId: TopicId): Promise<TopicState | null> {
    const [row] = await this.db.run("topics", `SELECT *, ${STAMP} AS stamp FROM topics WHERE topic_id = $1::text`, [
      topicId,
    ]);
    return row === undefined ? null : topicState(row);
  }

  commit(batch: Batch): Promise<CommitOutcome> {
    return commitBatch(this.db, batch);
  }

  backfill(batch: Batch): Promise<CommitOutcome> {
    return backfillBatch(this.db, batch, "mend");
  }

  restore(batch: Batch): Promise<CommitOutcome> {
    return backfillBatch(this.db, batch, "restore");
  }

  async setPaused(topicId: TopicId, paused: boolean): Promise<boolean> {
    const rows = await this.db.run(
      "admin",
      "UPDATE topics SET paused = $2::boolean WHERE topic_id = $1::text RETURNING 1",
      [topicId, String(paused)],
    );
    return rows.length > 0;
  }

  async parts(topicId: TopicId, chunkKeys: readonly string[]): Promise<readonly LogEntry[]> {
    if (chunkKeys.length === 0) return [];
    const sql = `SELECT l.* FROM (
        SELECT min(ref) AS ref FROM topic_log
        WHERE chunk_key = ANY ($2::text[]) AND ref > ${BASE} AND ref <= ${BASE} + $3::bigint
          AND chunk_number BETWEEN 1 AND ${MAX_CHUNKS} AND disposition <> ${disposition.code("failed")}
          AND reason IS DISTINCT FROM 'bad-chunk'
        GROUP BY chunk_key, chunk_number) first JOIN topic_log l ON l.ref = first.ref
      ORDER BY l.ref`;
    try {
      const rows = await this.db.run("log", sql, [topicId, texts(chunkKeys), MAX_SEQUENCE]);
      return this.readable.rows("topic_log", rows, logEntry);
    } catch (error) {
      // Keys are what a mirror told: one that the database refuses must not stop its topic.
      throw refusal(error);
    }
  }

  async log(topicId: TopicId, from: number, to: number): Promise<readonly LogEntry[]> {
    const rows = await this.db.run(
      "log",
      `SELECT * FROM topic_log WHERE ref >= ${BASE} + $2::bigint AND ref <= ${BASE} + $3::bigint ORDER BY ref`,
      [topicId, Math.max(from, 1), Math.min(to, MAX_SEQUENCE)],
    );
    return this.readable.rows("topic_log", rows, logEntry);
  }

  async failed(topicId: TopicId, limit: number, after = 0): Promise<readonly LogEntry[]> {
    const rows = await this.db.run(
      "log",
      `SELECT * FROM topic_log WHERE disposition = ${disposition.code("failed")} AND ref > ${BASE} + $4::bigint AND ref <= ${BASE} + $3::bigint
      ORDER BY ref LIMIT $2::integer`,
      [topicId, limit, MAX_SEQUENCE, after],
    );
    return this.readable.rows("topic_log", rows, logEntry);
  }

  async gaps(topicId: TopicId): Promise<readonly Gap[]> {
    const rows = await this.db.run("gaps", `SELECT * FROM topic_gaps WHERE topic_no = ${TOPIC_NO} ORDER BY from_seq`, [
      topicId,
    ]);
    return this.readable.rows("topic_gaps", rows, (row) => gap(topicId, row));
  }

  async suspectGap(topicId: TopicId, from: number, to: number, nowMs: number): Promise<Gap> {
    // What is left of a hole is as old as the hole: the new suspicion takes over the time, and the place, of those it meets.
    const [row] = await this.db.run(
      "suspicion",
      `WITH met AS (
        SELECT from_seq, first_seen_ms FROM topic_gaps
        WHERE topic_no = ${TOPIC_NO} AND state = ${SUSPECTED} AND from_seq <= $3::bigint AND to_seq >= $2::bigint FOR UPDATE),
      replaced AS (DELETE FROM topic_gaps g USING met WHERE g.topic_no = ${TOPIC_NO} AND g.from_seq = met.from_seq AND g.from_seq <> $2::bigint)
      INSERT INTO topic_gaps AS g (topic_no, from_seq, to_seq, state, first_seen_ms)
      SELECT ${TOPIC_NO}, $2::bigint, $3::bigint, ${SUSPECTED}, least($4::bigint, (SELECT min(first_seen_ms) FROM met))
      ON CONFLICT (topic_no, from_seq) DO UPDATE SET
        to_seq = CASE g.state WHEN ${SUSPECTED} THEN excluded.to_seq ELSE g.to_seq END,
        first_seen_ms = least(g.first_seen_ms, excluded.first_seen_ms)
      RETURNING *`,
      [topicId, from, to, nowMs],
    );
    return gap(topicId, row as Row);
  }

  async clearSuspicion(topicId: TopicId): Promise<void> {
    await this.db.run("suspicion", `DELETE FROM topic_gaps WHERE topic_no = ${TOPIC_NO} AND state = ${SUSPECTED}`, [
      topicId,
    ]);
  }

  async newEpoch(above: number): Promise<number> {
    // The first caller makes it. The others wait for the row, see what it holds by then, and leave it as it is.
    const [row] = await this.db.run(
      "admin",
      "UPDATE meta SET epoch = greatest(epoch, $1::integer + 1) RETURNING epoch",
      [above],
    );
    const epoch = Number(row?.epoch);
    this.db.stamp.learn(epoch * POSITIONS_PER_EPOCH);
    return epoch;
  }

  startOver(topicId: TopicId): Promise<void> {
    return startOver(this.db, topicId);
  }

  dropSome(topicId: TopicId, most: number): Promise<void> {
    return dropSome(this.db, topicId, most);
  }

  reproject(refolded: Refolded): Promise<boolean> {
    return reproject(this.db, refolded);
  }

  async rebuild(): Promise<number> {
    // The lock on topics comes first, as in every commit: it waits for those under way and holds back the others.
    await this.db.run(
      "admin",
      `DO $rebuild$ BEGIN
      LOCK TABLE topics IN ACCESS EXCLUSIVE MODE;
      TRUNCATE topic_gaps, topic_log, user_heads, hcs_messages, contact_edges, profiles, recognition_definitions;
      UPDATE topics SET cursor = 0, head_hash = NULL, head_ns = 0, synced_through_ns = 0, projected = NULL,
        messages = 0, verified = 0, unverifiable = 0, failed = 0, undecodable = 0, untrusted = 0;
      UPDATE meta SET epoch = epoch + 1;
    END $rebuild$`,
    );
    const [row] = await this.db.run("admin", `SELECT epoch, ${STAMP} AS stamp FROM meta`);
    return Number((row as Row).epoch);
  }
}
