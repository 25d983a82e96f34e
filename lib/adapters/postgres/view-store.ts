import { type ConsensusNs, MAX_CONSENSUS_NS } from "../../core/consensus-time";
import type { Sequence, TopicId, TopicKind, UserId } from "../../core/ids";
import { POSITIONS_PER_EPOCH } from "../../core/position";
import { type Profile, strictly } from "../../core/projection";
import type {
  ContactRows,
  EventRow,
  ProofRow,
  RecognitionRows,
  SignalPage,
  SignalQuery,
  ViewStore,
} from "../../ports/view-store";
import { flagsOf, typeNumber, UNNAMED_TYPE } from "./codes";
import type { Row } from "./database";
import { eventsSql } from "./events";
import { numbers, texts } from "./params";
import { MAX_SEQUENCE, REF_SHIFT } from "./ref";
import type { Statements } from "./statements";
import { definition, edge, event, profile, proof, signal } from "./view-rows";
import { HEAD, ME, POSITION, SIGNAL, topicIdOf, userIdOf, withHead } from "./view-sql";

const PROFILE = "f.consensus_ns AS profile_ns, f.handle, f.display_name, f.bio, f.avatar, f.hrl";

/** The user is the target of a mint unless only the actor; somebody who mints for himself has one row and is both. */
const isTarget = `(r.flags < ${flagsOf({ isActor: true, verification: "verified" })} OR r.peer_no IS NULL OR r.peer_no = r.user_no)`;

/** What readers ask, in PostgreSQL. */
export class PostgresViewStore implements ViewStore {
  /** `isStrict`: edges are told as STRICT_BONDING has them (core/projection.strictly). */
  constructor(
    private readonly db: Statements,
    private readonly isStrict = false,
  ) {}

  async head(userId: UserId): Promise<number> {
    const [row] = await this.db.run("head", `SELECT ${HEAD} AS head`, [userId]);
    return Number(row?.head);
  }

  async contacts(userId: UserId): Promise<ContactRows> {
    const rows = await this.db.run(
      "contacts",
      `WITH page AS MATERIALIZED (SELECT e.*, ${userIdOf("e.peer_no")} AS peer_id FROM contact_edges e WHERE e.user_no = ${ME})
      SELECT ${HEAD} AS head, p.*, f.* FROM (SELECT 1) one LEFT JOIN page p ON true
        LEFT JOIN LATERAL (SELECT ${PROFILE} FROM profiles f WHERE f.user_no = p.peer_no LIMIT 1) f ON true
      ORDER BY p.peer_id`,
      [userId],
    );
    const edges = rows.filter((row) => row.peer_id !== null);
    return {
      position: headOf(rows),
      edges: edges.map((row) => {
        const stored = edge(userId, row);
        return { ...(this.isStrict ? strictly(stored) : stored), profile: profile(row.peer_id as UserId, row) };
      }),
    };
  }

  async signals(userId: UserId, query: SignalQuery): Promise<SignalPage> {
    const known = query.types.map(typeNumber).filter((number) => number !== UNNAMED_TYPE);
    const named = query.types.filter((type) => typeNumber(type) === UNNAMED_TYPE);
    const ofType =
      query.types.length === 0 ? "" : "AND (r.type_no = ANY ($5::smallint[]) OR r.type_name = ANY ($6::text[]))";
    const rows = await this.db.run(
      "signals",
      withHead(
        `SELECT ${SIGNAL} FROM (SELECT * FROM hcs_messages r WHERE r.user_no = ${ME} AND r.consensus_ns < $2::bigint ${ofType}
          AND r.n > (SELECT h.head FROM user_heads h WHERE h.user_id = $1::text) - $4::integer
          ORDER BY r.consensus_ns DESC LIMIT $3::integer) r`,
        "p.consensus_ns DESC",
      ),
      [
        userId,
        String(query.beforeNs ?? MAX_CONSENSUS_NS),
        query.limit,
        query.maxRows,
        ...(query.types.length === 0 ? [] : [numbers(known), texts(named)]),
      ],
    );
    return page(rows);
  }

  async signalsAfter(userId: UserId, position: number, limit: number): Promise<SignalPage> {
    // `n` without gaps: of the rows after the position so many are wanted, and from the newest back the search ends with the last
    // of them. A position of an earlier epoch is before all rows, one of a later epoch after them.
    const after = `(SELECT greatest(least($2::bigint - ${POSITION.replace("r.n", "0")}, 2147483647), 0))`;
    const rows = await this.db.run(
      "catch-up",
      withHead(
        `SELECT ${SIGNAL} FROM (SELECT * FROM hcs_messages r
          WHERE r.user_no = ${ME} AND r.n > ${after} AND r.n <= ${after} + $3::integer
          ORDER BY r.consensus_ns DESC
          LIMIT (SELECT greatest(least(h.head - ${after}, $3::integer), 0) FROM user_heads h WHERE h.user_id = $1::text)) r`,
        "p.position",
      ),
      [userId, position, limit],
    );
    return page(rows);
  }

  async events(userId: UserId, kind: TopicKind, sinceNs: ConsensusNs, limit: number): Promise<readonly EventRow[]> {
    return (await this.db.run("events", eventsSql(kind, this.isStrict), [userId, String(sinceNs), limit])).map(event);
  }

  async recognition(userId: UserId, limit: number): Promise<RecognitionRows> {
    const rows = await this.db.run(
      "recognition",
      `WITH mints AS MATERIALIZED (SELECT ${SIGNAL} FROM (SELECT * FROM hcs_messages r WHERE r.user_no = ${ME}
          AND r.type_no = ${typeNumber("RECOGNITION_MINT")} AND ${isTarget} ORDER BY r.consensus_ns DESC LIMIT $2::integer) r)
      SELECT ${HEAD} AS head, s.*, NULL AS definition_id, NULL AS actor, NULL AS slug, NULL AS title, NULL AS icon,
          NULL AS description, NULL AS category
        FROM (SELECT 1) one LEFT JOIN mints s ON true
      UNION ALL
      SELECT 0, NULL, d.ref, d.consensus_ns, NULL, NULL, NULL, ${topicIdOf("d.ref")}, NULL, NULL, d.definition_id, d.actor, d.slug,
        d.title, d.icon, d.description, d.category FROM recognition_definitions d`,
      [userId, limit],
    );
    const byTime = (a: Row, b: Row) => Number(BigInt(String(b.consensus_ns)) - BigInt(String(a.consensus_ns)));
    return {
      position: headOf(rows),
      definitions: rows
        .filter((row) => row.definition_id !== null)
        .sort(byTime)
        .map(definition),
      instances: rows
        .filter((row) => row.position !== null)
        .sort(byTime)
        .map(signal),
    };
  }

  async profiles(userIds: readonly UserId[]): Promise<readonly Profile[]> {
    if (userIds.length === 0) return [];
    const rows = await this.db.run(
      "profiles",
      `SELECT h.user_id, ${PROFILE} FROM user_heads h JOIN profiles f ON f.user_no = h.user_no WHERE h.user_id = ANY ($1::text[])`,
      [texts(userIds)],
    );
    return rows.flatMap((row) => profile(row.user_id as UserId, row) ?? []);
  }

  async proof(userId: UserId, topicId: TopicId, sequence: Sequence): Promise<ProofRow | null> {
    // Beyond it the number would run into the topic's, and name another message.
    if (sequence > MAX_SEQUENCE) return null;
    // The user's row is of this message, or of the one that completed the group of chunks it belongs to.
    const [row] = await this.db.run(
      "proof",
      `SELECT l.*, (SELECT b.running_hash FROM topic_log b WHERE b.ref = l.ref - 1) AS previous_hash
      FROM topic_log l
      WHERE l.ref = (SELECT topic_no::bigint << ${REF_SHIFT} FROM topics WHERE topic_id = $2::text) | $3::bigint
        AND (EXISTS (SELECT FROM hcs_messages r WHERE r.user_no = ${ME} AND r.consensus_ns = l.consensus_ns AND r.ref = l.ref)
          OR EXISTS (SELECT FROM topic_log g JOIN hcs_messages r ON r.user_no = ${ME} AND r.consensus_ns = g.consensus_ns AND r.ref = g.ref
            WHERE g.chunk_key = l.chunk_key AND g.ref >> ${REF_SHIFT} = l.ref >> ${REF_SHIFT}))`,
      [userId, topicId, sequence],
    );
    return row === undefined ? null : proof(topicId, row);
  }

  async peersOf(userIds: readonly UserId[]): Promise<readonly { userId: UserId; peerId: UserId }[]> {
    if (userIds.length === 0) return [];
    // Edges come in pairs that say the same: the user's own tell who the others are.
    const rows = await this.db.run(
      "peers",
      `SELECT h.user_id, ${userIdOf("e.peer_no")} AS peer_id
      FROM user_heads h JOIN contact_edges e ON e.user_no = h.user_no WHERE h.user_id = ANY ($1::text[])`,
      [texts(userIds)],
    );
    return rows.map((row) => ({ userId: row.user_id as UserId, peerId: row.peer_id as UserId }));
  }

  async heads(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, number>> {
    if (userIds.length === 0) return new Map();
    const rows = await this.db.run(
      "heads",
      `SELECT user_id, (SELECT epoch FROM meta) * ${POSITIONS_PER_EPOCH}::bigint + head AS head
      FROM user_heads WHERE user_id = ANY ($1::text[]) AND head > 0`,
      [texts(userIds)],
    );
    return new Map(rows.map((row) => [row.user_id as UserId, Number(row.head)]));
  }
}

const headOf = (rows: readonly Row[]): number => Number(rows[0]?.head);

const page = (rows: readonly Row[]): SignalPage => ({
  position: headOf(rows),
  rows: rows.filter((row) => row.ref !== null).map(signal),
});
