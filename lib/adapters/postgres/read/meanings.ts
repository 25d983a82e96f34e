/** Reads the stored meaning of messages: their rows, and the facts that may come from them. */
import { getTableColumns, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import {
  contactEdges,
  hcsMessages,
  profiles,
  recognitionDefinitions,
  userHeads,
  userSegments,
} from "../../../../drizzle/schema";
import { consensusNs } from "../../../core/ledger/consensus-time";
import type { TopicId, UserId } from "../../../core/ledger/ids";
import { placeMember } from "../../../core/signals/batch";
import type { DefinitionClaim } from "../../../core/signals/projection";
import { signalTime } from "../../../core/signals/signal-batch";
import type { EdgeFound, ProfileFound, RowFound, Worded } from "../../../ports/store/sync/reread-store";
import { authorFlag, isActorFlag, placeFlag, typeName, verificationFlag } from "../codec/codes";
import { isTimeOf, mayLieIn, refOf, sequenceOf } from "../codec/ref";
import { topicIdOf, topicNoOf, userIdOf } from "../sql/references";
import { type RowOf, template } from "../sql/template";
import { columnOf, unnested } from "../sql/unnested";
import { KNOWN_CLAIMS } from "../write/definitions-part";
import { toEdge, toProfile } from "./views/view-rows";

const h = alias(userHeads, "h");
const p = alias(userHeads, "p");
const m = alias(hcsMessages, "m");
const u = alias(userSegments, "u");
const e = alias(contactEdges, "e");
const f = alias(profiles, "f");
const d = alias(recognitionDefinitions, "d");

const ROW = {
  sequence: sql<number>`s.seq`.mapWith(Number),
  messageNs: sql<bigint>`s.ns`.mapWith(hcsMessages.consensusNs),
  rowNs: m.consensusNs,
  userNo: h.userNo,
  userId: h.userId,
  peerId: sql<UserId | null>`${userIdOf(m.peerNo)}`,
  typeNo: m.typeNo,
  typeName: m.typeName,
  flags: m.flags,
};

/** One look-up in two indexes for each word, whatever the planner knows of the tables. */
export function rowsOf(topicId: TopicId, messages: readonly Worded[]) {
  const words = messages.flatMap(({ sequence, consensusNs: ns, words: of }) =>
    of.map((word) => ({ sequence, ns, word })),
  );
  const given = [
    columnOf(hcsMessages.ref, words, ({ sequence }) => sequence, "seq"),
    columnOf(hcsMessages.consensusNs, words, ({ ns }) => ns, "ns"),
    columnOf(userHeads.userId, words, ({ word }) => word, "word"),
  ];
  return template(
    ROW,
    (columns) => sql`SELECT ${columns} FROM (SELECT ${topicNoOf(topicId)} AS topic_no) topic, ${unnested("s", given)},
  LATERAL (SELECT * FROM ${userHeads} ${h} WHERE ${h.userId} = s.word OFFSET 0) ${h},
  LATERAL (SELECT * FROM ${hcsMessages} ${m} WHERE ${m.userNo} = ${h.userNo} AND ${isTimeOf(m.consensusNs, sql`s.ns`)}
    AND ${m.ref} = ${refOf(sql`topic.topic_no`, sql`s.seq`)}
    UNION ALL SELECT ${m}.* FROM ${userSegments} ${u}, rows_in(${u}) ${m} WHERE ${u.userNo} = ${h.userNo}
    AND ${mayLieIn(u.firstNs, u.lastNs, sql`s.ns`)} AND ${m.ref} = ${refOf(sql`topic.topic_no`, sql`s.seq`)} OFFSET 0) ${m}`,
  );
}

/** Reads an answer of `rowsOf`. Throws RangeError for values that no row may hold. */
export const rowFound = (row: RowOf<typeof ROW>): RowFound => ({
  row: {
    userId: row.userId,
    consensusNs: signalTime(consensusNs(row.messageNs), placeFlag(row.flags)),
    sequence: sequenceOf(BigInt(row.sequence)),
    type: typeName(row.typeNo, row.typeName),
    peerId: row.peerId,
    isActor: isActorFlag(row.flags),
    verification: verificationFlag(row.flags),
    ...authorFlag(row.flags),
    ...placeMember(placeFlag(row.flags)),
  },
  userNo: row.userNo,
  rowNs: row.rowNs,
});

const { userNo, peerNo, ...registers } = getTableColumns(e);
const EDGE = { userId: h.userId, peerId: p.userId, userNo, peerNo, ...registers };

/** The statement of `RereadStore.edgesBetween`. */
export function edgesBetween(pairs: readonly (readonly [string, string])[]) {
  const given = [
    columnOf(userHeads.userId, pairs, ([user]) => user, "user_id"),
    columnOf(userHeads.userId, pairs, ([, peer]) => peer, "peer_id"),
  ];
  return template(
    EDGE,
    (columns) => sql`SELECT ${columns} FROM ${unnested("s", given)},
  LATERAL (SELECT * FROM ${userHeads} ${h} WHERE ${h.userId} = s.user_id OFFSET 0) ${h},
  LATERAL (SELECT * FROM ${userHeads} ${p} WHERE ${p.userId} = s.peer_id OFFSET 0) ${p},
  LATERAL (SELECT * FROM ${contactEdges} ${e} WHERE ${e.userNo} = ${h.userNo} AND ${e.peerNo} = ${p.userNo} OFFSET 0) ${e}`,
  );
}

/** Reads an answer of `edgesBetween`. */
export const edgeFound = ({ userId, peerId, userNo: user, peerNo: peer, ...row }: RowOf<typeof EDGE>): EdgeFound => ({
  edge: toEdge(userId, peerId, row),
  userNo: user,
  peerNo: peer,
});

const { consensusNs: profileNs, handle, displayName, bio, avatar, hrl, saidNs } = f;
const PROFILE = { userId: h.userId, userNo: h.userNo, profileNs, handle, displayName, bio, avatar, hrl, saidNs };

/** The statement of `RereadStore.profilesFound`. */
export const profilesFound = (users: readonly string[]) =>
  template(
    PROFILE,
    (
      columns,
    ) => sql`SELECT ${columns} FROM ${unnested("s", [columnOf(userHeads.userId, users, (user) => user, "user_id")])}
  JOIN ${userHeads} ${h} ON ${h.userId} = s.user_id JOIN ${profiles} ${f} ON ${f.userNo} = ${h.userNo}`,
  );

/** Reads an answer of `profilesFound`: a list of one profile, or of none if the user has none. */
export function profileFound({ userId, userNo: user, ...row }: RowOf<typeof PROFILE>): readonly ProfileFound[] {
  const found = toProfile(userId, row);
  return found === null ? [] : [{ profile: found, userNo: user }];
}

const told = (name: string) => sql<string | null>`c.value ->> ${sql.raw(`'${name}'`)}`;
const number = (name: string): SQL<bigint> =>
  sql<bigint>`(c.value ->> ${sql.raw(`'${name}'`)})::bigint`.mapWith(hcsMessages.ref);
const CLAIM = {
  definitionId: d.definitionId,
  topicId: sql<TopicId | null>`${topicIdOf(sql`(c.value ->> 'ref')::bigint`)}`,
  ref: number("ref"),
  consensusNs: number("ns"),
  firstNs: number("first"),
  ...{ actor: told("actor"), slug: told("slug"), title: told("title"), icon: told("icon") },
  ...{ description: told("description"), category: told("category") },
};

/** The statement of `RereadStore.claimsOn`: a row for each claim. */
export const claimsOn = (ids: readonly string[]) =>
  template(
    CLAIM,
    (columns) => sql`SELECT ${columns} FROM ${unnested("s", [columnOf(d.definitionId, ids, (id) => id, "id")])}
  JOIN ${recognitionDefinitions} ${d} ON ${d.definitionId} = s.id, LATERAL jsonb_each(${KNOWN_CLAIMS}) c`,
  );

/** Reads an answer of `claimsOn`. */
export const claimFound = ({ ref, topicId, actor, title, ...row }: RowOf<typeof CLAIM>): DefinitionClaim => ({
  ...row,
  topicId: topicId as TopicId,
  sequence: sequenceOf(ref),
  consensusNs: consensusNs(row.consensusNs),
  firstNs: consensusNs(row.firstNs),
  actor: actor as UserId | null,
  title: title ?? row.definitionId,
});
