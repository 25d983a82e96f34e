import { MAX_EDGES } from "../../core/bounds";
import { type ConsensusNs, MAX_CONSENSUS_NS } from "../../core/ledger/consensus-time";
import { MAX_SEQUENCE, type Sequence, type TopicId, type TopicKind, type UserId } from "../../core/ledger/ids";
import { POSITIONS_PER_EPOCH } from "../../core/signals/position";
import { type Definition, type Profile, strictly } from "../../core/signals/projection";
import type {
  Catalogue,
  CatalogueQuery,
  ContactRows,
  EdgeRows,
  EventPage,
  MissedPage,
  ProofRow,
  RecognitionRows,
  SignalPage,
  SignalQuery,
  SignalRow,
  ViewStore,
  WrittenRow,
} from "../../ports/store/view-store";
import { typeNumber, UNNAMED_TYPE } from "./codec/codes";
import { ns } from "./codec/decode-row";
import { isTimeOf, REF_SHIFT } from "./codec/ref";
import type { Row } from "./drivers/database";
import type { Statements } from "./drivers/statements";
import { eventsSql } from "./read/events";
import { Readable } from "./read/readable";
import { CATALOGUE, NAMED_DEFINITIONS, OWN_DEFINITIONS, RECOGNITION } from "./read/recognition";
import { definition, edge, event, profile, profileName, proof, readAtOnce, signal } from "./read/view-rows";
import { HEAD, ME, POSITION, SIGNAL, userIdOf, withHead } from "./read/view-sql";
import { WRITTEN, written } from "./read/written";
import { STAMP } from "./stamp";
import { numbers, texts } from "./write/params";

const PROFILE_NAME = "f.consensus_ns AS profile_ns, f.handle, f.display_name, f.hrl";
const PROFILE = `${PROFILE_NAME}, f.bio, f.avatar`;

/** The store's stamp and the user's head beside the edges of `mine`: at least one row, whose `peer_id` is null where there is none. */
const withPeers = (mine: string, columns: string): string => `WITH mine AS MATERIALIZED (${mine}),
page AS MATERIALIZED (SELECT m.*, ${userIdOf("m.peer_no")} AS peer_id FROM mine m)
SELECT ${STAMP} AS stamp, ${HEAD} AS head, p.*, f.* FROM (SELECT 1) one LEFT JOIN page p ON true
  LEFT JOIN LATERAL (SELECT ${columns} FROM profiles f WHERE f.user_no = p.peer_no LIMIT 1) f ON true
ORDER BY p.peer_id`;

/** `$2` limit. Whoever was bonded as the table has it comes first, then the newest; `greatest` passes over null. */
const CONTACTS = withPeers(
  `SELECT e.* FROM contact_edges e WHERE e.user_no = ${ME}
  ORDER BY coalesce(e.accept_ns, 0) > coalesce(e.revoke_ns, 0) DESC,
    greatest(e.accept_ns, e.request_in_ns, e.request_out_ns, e.revoke_ns, 0) DESC, e.peer_no LIMIT $2::integer`,
  PROFILE_NAME,
);

/** `$2` ids of peers. */
const PEERS = withPeers(
  `SELECT e.* FROM contact_edges e WHERE e.user_no = ${ME}
    AND e.peer_no = ANY (ARRAY(SELECT h.user_no FROM user_heads h WHERE h.user_id = ANY ($2::text[])))`,
  PROFILE,
);

/** What readers ask, in PostgreSQL. */
export class PostgresViewStore implements ViewStore {
  /** `isStrict`: edges are told as STRICT_BONDING has them (core/projection.strictly). */
  constructor(
    private readonly db: Statements,
    private readonly isStrict = false,
    private readonly readable = new Readable(),
  ) {}

  async head(userId: UserId): Promise<number> {
    const [row] = await this.db.run("head", `SELECT ${STAMP} AS stamp, ${HEAD} AS head`, [userId]);
    return Number(row?.head);
  }

  async contacts(userId: UserId, limit = MAX_EDGES): Promise<ContactRows> {
    const rows = await this.db.run("contacts", CONTACTS, [userId, limit]);
    return { position: headOf(rows), edges: this.edgesOf(userId, rows, profileName) };
  }

  async peers(userId: UserId, peerIds: readonly UserId[]): Promise<EdgeRows<Profile>> {
    const rows = await this.db.run("contacts", PEERS, [userId, texts(peerIds)]);
    return { position: headOf(rows), edges: this.edgesOf(userId, rows, (row) => profile(row.peer_id as UserId, row)) };
  }

  private edgesOf<P>(userId: UserId, rows: readonly Row[], profileOf: (row: Row) => P | null) {
    const edges = rows.filter((row) => row.peer_id !== null);
    return this.readable.rows("contact_edges", edges, (row) => {
      const stored = edge(userId, row);
      return { ...(this.isStrict ? strictly(stored) : stored), profile: profileOf(row) };
    });
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
        "consensus_ns DESC",
      ),
      [
        userId,
        String(query.beforeNs ?? MAX_CONSENSUS_NS),
        // One more than asked for tells whether there is a next page.
        query.limit + 1,
        query.maxRows,
        ...(query.types.length === 0 ? [] : [numbers(known), texts(named)]),
      ],
    );
    const { found, page } = pageOf(rows, query.limit);
    return {
      position: headOf(rows),
      rows: this.signalsOf(page),
      nextBeforeNs: page.length < found ? ns(page.at(-1)?.consensus_ns) : null,
    };
  }

  private signalsOf(rows: readonly Row[]): readonly SignalRow[] {
    return this.readable.rows("hcs_messages", rows, signal);
  }

  async signalsAfter(userId: UserId, position: number, limit: number): Promise<MissedPage> {
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
        "position",
      ),
      [userId, position, limit],
    );
    const { page } = pageOf(rows, limit);
    const through = page.length === 0 ? position : Number(page.at(-1)?.position);
    return { position: headOf(rows), rows: this.signalsOf(page), through };
  }

  async events(userId: UserId, kind: TopicKind, sinceNs: ConsensusNs, limit: number): Promise<EventPage> {
    const rows = await this.db.run("events", eventsSql(kind, this.isStrict), [userId, String(sinceNs), limit]);
    const { page } = pageOf(rows, limit);
    return {
      rows: this.readable.rows("topic_log", page, event),
      throughNs: page.length === 0 ? null : ns(page.at(-1)?.consensus_ns),
    };
  }

  async written(userId: UserId, sinceNs: ConsensusNs, limit: number): Promise<readonly WrittenRow[]> {
    const rows = await this.db.run("written", WRITTEN, [userId, String(sinceNs), limit]);
    return this.readable.rows("topic_log", there(rows), written);
  }

  async recognition(userId: UserId, beforeNs: ConsensusNs | null, limit: number): Promise<RecognitionRows> {
    const rows = await this.db.run("recognition", RECOGNITION, [
      userId,
      limit + 1,
      String(beforeNs ?? MAX_CONSENSUS_NS),
      OWN_DEFINITIONS,
    ]);
    const own = rows.filter((row) => row.definition_id !== null);
    const { found, page } = pageOf(
      rows.filter((row) => row.definition_id === null),
      limit,
    );
    return {
      position: headOf(rows),
      rows: this.signalsOf(page),
      nextBeforeNs: page.length < found ? ns(page.at(-1)?.consensus_ns) : null,
      own: this.definitionsOf(own),
    };
  }

  private definitionsOf(rows: readonly Row[]): readonly Definition[] {
    return this.readable.rows("recognition_definitions", rows, definition);
  }

  async definitions(ids: readonly string[]): Promise<readonly Definition[]> {
    if (ids.length === 0) return [];
    return this.definitionsOf(there(await this.db.run("recognition", NAMED_DEFINITIONS, [texts(ids)])));
  }

  async catalogue({ trustedPayers, limit, limitOfStranger }: CatalogueQuery): Promise<Catalogue> {
    const rows = await this.db.run("recognition", CATALOGUE, [
      trustedPayers === "*" ? null : texts([...trustedPayers]),
      limit + 1,
      limitOfStranger,
    ]);
    const found = there(rows);
    return { offered: this.definitionsOf(found.slice(0, limit)), isCut: found.length > limit };
  }

  async profiles(userIds: readonly UserId[]): Promise<readonly Profile[]> {
    if (userIds.length === 0) return [];
    const rows = await this.db.run(
      "profiles",
      `SELECT h.user_id, ${PROFILE} FROM user_heads h JOIN profiles f ON f.user_no = h.user_no WHERE h.user_id = ANY ($1::text[])`,
      [texts(userIds)],
    );
    return this.readable
      .rows("profiles", rows, (row) => profile(row.user_id as UserId, row))
      .filter((each) => each !== null);
  }

  async proof(userId: UserId, topicId: TopicId, sequence: Sequence): Promise<ProofRow | null> {
    // Beyond it the number would run into the topic's, and name another message.
    if (sequence > MAX_SEQUENCE) return null;
    // The user's row is of this message, or of the one that completed the group of chunks it belongs to.
    const rows = await this.db.run(
      "proof",
      `SELECT l.*, (SELECT b.running_hash FROM topic_log b WHERE b.ref = l.ref - 1) AS previous_hash
      FROM topic_log l
      WHERE l.ref = (SELECT topic_no::bigint << ${REF_SHIFT} FROM topics WHERE topic_id = $2::text) | $3::bigint
        AND (EXISTS (SELECT FROM hcs_messages r WHERE r.user_no = ${ME} AND ${isTimeOf("r.consensus_ns", "l.consensus_ns")} AND r.ref = l.ref)
          OR EXISTS (SELECT FROM topic_log g JOIN hcs_messages r ON r.user_no = ${ME} AND ${isTimeOf("r.consensus_ns", "g.consensus_ns")} AND r.ref = g.ref
            WHERE g.chunk_key = l.chunk_key AND g.ref >> ${REF_SHIFT} = l.ref >> ${REF_SHIFT}))`,
      [userId, topicId, sequence],
    );
    return this.readable.rows("topic_log", rows, (row) => proof(topicId, row))[0] ?? null;
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

/** Without the row that stands for none. */
const there = (rows: readonly Row[]) => rows.filter((row) => row.ref !== null);

/** The rows that a page shows, and how many were found for it. */
function pageOf(rows: readonly Row[], limit: number): { readonly found: number; readonly page: readonly Row[] } {
  return { found: Number(rows[0]?.found ?? 0), page: readAtOnce(there(rows).slice(0, limit)) };
}
