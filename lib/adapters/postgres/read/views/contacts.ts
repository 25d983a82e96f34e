/** The statements of a user's contacts, with what is known of each peer's profile. */
import { getTableColumns, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { contactEdges, profiles, userHeads } from "../../../../../drizzle/schema";
import type { UserId } from "../../../../core/ledger/ids";
import { orNull } from "../../sql/expressions";
import { userIdOf } from "../../sql/references";
import { parameters, preparedTemplate, type RowOf } from "../../sql/template";
import { BESIDE, FROM_READER, forReader, READER, type Reader } from "./pages";

const e = alias(contactEdges, "e");
const m = alias(contactEdges, "m");
const f = alias(profiles, "f");
const n = alias(userHeads, "n");

const { userNo: _user, peerNo: _peer, ...registers } = getTableColumns(alias(contactEdges, "p"));

/** The user's head beside an edge. In the row that stands for no edge `peerId` is null, and so are all columns after it. */
const EDGE = { ...BESIDE, peerId: sql<UserId | null>`p.peer_id`, ...registers };

/** The part of a profile that names a contact; `profileNs` is null if the peer has no profile. */
const NAME = { profileNs: orNull(f.consensusNs), handle: f.handle, displayName: f.displayName, hrl: f.hrl };
const PROFILE = { ...NAME, bio: f.bio, avatar: f.avatar, saidNs: f.saidNs };

const NAMED_EDGE = { ...EDGE, ...NAME };
const PROFILED_EDGE = { ...EDGE, ...PROFILE };
export type EdgeAnswer = RowOf<typeof EDGE>;
export type NameAnswer = RowOf<typeof NAME>;
export type ProfileAnswer = RowOf<typeof PROFILE>;

const NAME_COLUMNS = sql`${f.consensusNs}, ${f.handle}, ${f.displayName}, ${f.hrl}`;

/** The edges of `mine` with the profiles of their peers: at least one row. */
const withPeers = (columns: SQL, profile: SQL, mine: SQL) => sql`${READER},
page AS MATERIALIZED (SELECT ${m}.*, ${userIdOf(m.peerNo)} AS peer_id FROM (${mine}) ${m})
SELECT ${columns} ${FROM_READER} LEFT JOIN page p ON true
  LEFT JOIN LATERAL (SELECT ${profile} FROM ${profiles} ${f} WHERE ${f.userNo} = p.peer_no LIMIT 1) ${f} ON true
ORDER BY p.peer_id`;

const limited = parameters<Reader & { readonly limit: number }>();

/** Bonded peers come first, by the bonds of the table, then the newest. `greatest` ignores null. */
export const CONTACTS = forReader((me, naming) =>
  preparedTemplate(
    limited,
    NAMED_EDGE,
    (columns) =>
      withPeers(
        columns,
        NAME_COLUMNS,
        sql`SELECT * FROM ${contactEdges} ${e} WHERE ${e.userNo} = ${me}
    ORDER BY coalesce(${e.acceptNs}, 0) > coalesce(${e.revokeNs}, 0) DESC,
      greatest(${e.acceptNs}, ${e.requestInNs}, ${e.requestOutNs}, ${e.revokeNs}, 0) DESC, ${e.peerNo}
    LIMIT ${limited("limit")}::integer`,
      ),
    naming,
  ),
);

const named = parameters<Reader & { readonly peerIds: readonly UserId[] }>();

/** The edges with these peers, with their whole profiles. */
export const PEERS = forReader((me, naming) =>
  preparedTemplate(
    named,
    PROFILED_EDGE,
    (columns) =>
      withPeers(
        columns,
        sql`${NAME_COLUMNS}, ${f.bio}, ${f.avatar}, ${f.saidNs}`,
        sql`SELECT * FROM ${contactEdges} ${e} WHERE ${e.userNo} = ${me}
    AND ${e.peerNo} = ANY (ARRAY(SELECT ${n.userNo} FROM ${userHeads} ${n} WHERE ${n.userId} = ANY (${named("peerIds")}::text[])))`,
      ),
    naming,
  ),
);
