import { MAX_SEQUENCE, type Sequence, type TopicId } from "../../core/ledger/ids";
import type {
  ActionState,
  AdminEntry,
  AdminStore,
  Crowd,
  NewAction,
  OddEntry,
  StorageSizes,
  TopicOverview,
} from "../../ports/store/admin-store";
import { disposition, gapState, verification } from "./codec/codes";
import { bytes, gap, int8, ns, payer, sequenceOf, text, topicState } from "./codec/decode-row";
import { REF_SHIFT } from "./codec/ref";
import { expand } from "./codec/shorthand";
import type { Row } from "./drivers/database";
import type { Statements } from "./drivers/statements";
import type { Readable } from "./read/readable";
import { texts } from "./write/params";

const COLUMNS = "id, at_ms, updated_ms, actor, action, target, state, detail";

/** The operators' side of the store, in PostgreSQL. */
export class PostgresAdminStore implements AdminStore {
  constructor(
    private readonly db: Statements,
    private readonly readable: Readable,
  ) {}

  async begin({ actor, action, target, requestKey, nowMs }: NewAction) {
    const known = `SELECT ${COLUMNS} FROM admin_audit WHERE request_key = $5::text`;
    const params = [nowMs, actor, action, target, requestKey];
    const [row] = await this.db.run(
      "admin",
      `WITH new AS (
        INSERT INTO admin_audit (at_ms, updated_ms, actor, action, target, state, request_key)
        VALUES ($1::bigint, $1::bigint, $2::text, $3::text, $4::text, 'running', $5::text)
        ON CONFLICT (request_key) DO NOTHING RETURNING ${COLUMNS})
      SELECT *, true AS is_new FROM new UNION ALL SELECT *, false FROM (${known}) known WHERE NOT EXISTS (SELECT FROM new)`,
      params,
    );
    if (row !== undefined) return { isNew: row.is_new === true, entry: this.entryOf(row) };
    // The same request at the same moment: its row was not there yet when this statement began, and is now.
    const [other] = await this.db.run("admin", known.replace("$5", "$1"), [requestKey]);
    return { isNew: false, entry: this.entryOf(other as Row) };
  }

  async update(id: number, { state, detail, nowMs }: Parameters<AdminStore["update"]>[1]): Promise<AdminEntry> {
    const [row] = await this.db.run(
      "admin",
      `UPDATE admin_audit SET state = $2::text, detail = $3::text, updated_ms = $4::bigint,
        request_key = CASE WHEN $2::text IN ('failed', 'refused') THEN NULL ELSE request_key END WHERE id = $1::bigint RETURNING ${COLUMNS}`,
      [id, state, detail === null ? null : JSON.stringify(detail), nowMs],
    );
    return this.entryOf(row as Row);
  }

  async entries(beforeId: number | null, limit: number): Promise<readonly AdminEntry[]> {
    const rows = await this.db.run(
      "admin",
      `SELECT ${COLUMNS} FROM admin_audit WHERE id < $1::bigint ORDER BY id DESC LIMIT $2::integer`,
      [beforeId ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows.map((row) => this.entryOf(row));
  }

  async latest(actions: readonly string[], beforeId = Number.MAX_SAFE_INTEGER): Promise<readonly AdminEntry[]> {
    const rows = await this.db.run(
      "admin",
      `SELECT DISTINCT ON (target) ${COLUMNS} FROM admin_audit
      WHERE action = ANY ($1::text[]) AND id < $2::bigint AND state <> 'refused' ORDER BY target, id DESC`,
      [texts(actions), beforeId],
    );
    return rows.map((row) => this.entryOf(row));
  }

  /** An entry whose detail is not JSON is still shown: only the detail is left out, and the row is counted as unreadable. */
  private entryOf(row: Row): AdminEntry {
    const [detail = null] = this.readable.rows("admin_audit", row.detail === null ? [] : [row], detailOf);
    return adminEntry(row, detail);
  }

  async topics(gapLimit: number): Promise<readonly TopicOverview[]> {
    const open = `FROM topic_gaps g WHERE g.topic_no = t.topic_no AND g.state <> ${gapState.code("filled")}`;
    const rows = await this.db.run(
      "admin",
      `SELECT t.*, (SELECT count(*) ${open}) AS gap_count,
        (SELECT json_agg(o) FROM (SELECT g.from_seq, g.to_seq, g.state, g.first_seen_ms ${open} ORDER BY g.from_seq LIMIT $1::integer) o)::text AS gaps
      FROM topics t ORDER BY t.topic_no`,
      [gapLimit],
    );
    return rows.map((row) => {
      const topic = topicState(row);
      const gaps = typeof row.gaps === "string" ? (JSON.parse(row.gaps) as Row[]) : [];
      return { ...topic, gapCount: Number(row.gap_count), gaps: gaps.map((each) => gap(topic.topicId, each)) };
    });
  }

  async firstUnverified(): Promise<ReadonlyMap<TopicId, Sequence>> {
    // Topics in which all is verified, which is most of them, are not looked through.
    const rows = await this.db.run(
      "admin",
      `SELECT t.topic_id, (SELECT l.ref FROM topic_log l
          WHERE l.ref > t.topic_no::bigint << ${REF_SHIFT} AND l.ref <= (t.topic_no::bigint << ${REF_SHIFT}) + $1::bigint
            AND l.verification <> ${verification.code("verified")} ORDER BY l.ref LIMIT 1) AS ref
      FROM topics t WHERE t.failed + t.unverifiable > 0`,
      [MAX_SEQUENCE],
    );
    const found = rows.filter(({ ref }) => ref !== null);
    return new Map(found.map((row) => [row.topic_id as TopicId, sequenceOf(row.ref)]));
  }

  async crowds(): Promise<ReadonlyMap<TopicId, Crowd>> {
    const rows = await this.db.run(
      "admin",
      `SELECT t.topic_id, count(*) AS users, sum(c.n) AS rows, sum(c.n) FILTER (WHERE c.place <= 10) AS hottest
      FROM (SELECT r.ref >> ${REF_SHIFT} AS topic_no, count(*) AS n,
          row_number() OVER (PARTITION BY r.ref >> ${REF_SHIFT} ORDER BY count(*) DESC) AS place
        FROM hcs_messages r GROUP BY r.ref >> ${REF_SHIFT}, r.user_no) c
      JOIN topics t ON t.topic_no = c.topic_no GROUP BY t.topic_id`,
    );
    return new Map(
      rows.map((row) => [
        row.topic_id as TopicId,
        { users: Number(row.users), rows: Number(row.rows), hottestRows: Number(row.hottest) },
      ]),
    );
  }

  async sizes(): Promise<StorageSizes> {
    // The whole database's size is a subquery, to be computed once: it looks at every file there is, for each relation otherwise.
    const rows = await this.db.run(
      "admin",
      `SELECT c.relname AS name, p.relname AS parent, greatest(c.reltuples, 0)::bigint AS rows,
        pg_table_size(c.oid) AS table_bytes, pg_indexes_size(c.oid) AS index_bytes,
        (SELECT pg_database_size(current_database())) AS all_bytes
      FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname`,
    );
    return {
      databaseBytes: Number(rows[0]?.all_bytes ?? 0),
      relations: rows.map((row) => ({
        name: String(row.name),
        partitionOf: text(row.parent),
        rows: Number(row.rows),
        tableBytes: Number(row.table_bytes),
        indexBytes: Number(row.index_bytes),
      })),
    };
  }

  async odd(limit: number, startBytes: number): Promise<readonly OddEntry[]> {
    const newest = (name: OddEntry["disposition"]) =>
      `(SELECT * FROM topic_log WHERE disposition = ${disposition.code(name)} ORDER BY consensus_ns DESC, ref DESC LIMIT $1::integer)`;
    const rows = await this.db.run(
      "admin",
      `SELECT l.ref, l.consensus_ns, l.disposition, l.reason, l.payer, coalesce(l.body, l.message) AS kept,
        (SELECT t.topic_id FROM topics t WHERE t.topic_no = (l.ref >> ${REF_SHIFT})::integer) AS topic_id
      FROM (${newest("undecodable")} UNION ALL ${newest("untrusted")} UNION ALL ${newest("failed")}) l ORDER BY l.consensus_ns DESC, l.ref DESC`,
      [limit],
    );
    return this.readable.rows("topic_log", rows, (row) => {
      const message = expand(bytes(row.kept) as Uint8Array);
      return {
        topicId: row.topic_id as TopicId,
        sequence: sequenceOf(row.ref),
        consensusNs: ns(row.consensus_ns),
        disposition: disposition.name(row.disposition) as OddEntry["disposition"],
        reason: text(row.reason),
        payer: payer(row.payer),
        bytes: message.length,
        start: message.subarray(0, startBytes),
      };
    });
  }
}

const detailOf = (row: Row) => JSON.parse(String(row.detail)) as Record<string, unknown>;

function adminEntry(row: Row, detail: AdminEntry["detail"]): AdminEntry {
  return {
    id: Number(int8(row.id)),
    atMs: Number(row.at_ms),
    updatedMs: Number(row.updated_ms),
    actor: String(row.actor),
    action: String(row.action),
    target: text(row.target),
    state: row.state as ActionState,
    detail,
  };
}
