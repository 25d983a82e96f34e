/**
 * A user's views, shaped from rows. Pure: the same rows give the same view, byte for byte, so its ETag can name the bytes. Times
 * that tell the age of an answer are not part of a view.
 */
import { cappedAt, fittingPrefix, MAX_ANSWER_BYTES } from "../bounds";
import { consensusNs, formatConsensusTime, toMs } from "../ledger/consensus-time";
import type { UserId } from "../ledger/ids";
import { signalId } from "../ledger/ids";
import { placeMember, type StoredRow } from "./batch";
import { boundedMetadata, CUT_MARK } from "./metadata";
import {
  type Definition,
  type Edge,
  isBonded,
  isIncoming,
  isOutgoing,
  type Profile,
  trustGiven,
  trustReceived,
} from "./projection";
import type { DecodedBody } from "./signal";

/** The names of a contact. */
export type ProfileName = Pick<Profile, "handle" | "displayName" | "hrl">;
/** An edge with the peer's names; null if the peer has no profile. */
export type EdgeWithName = Edge & { readonly profile: ProfileName | null };

/** The lists of an answer share its size: strangers' requests must not push out contacts. */
const CONTACTS_BYTES = MAX_ANSWER_BYTES * 0.7;
const REQUESTS_BYTES = MAX_ANSWER_BYTES * 0.14;

/** The number of slots in a circle: the plan's nine. */
export const CIRCLE_SLOTS = 9;
/** Bonded contacts that `/api/circle` lists at most. */
export const CIRCLE_CONTACTS_MAX = 250;

/** A name for a peer: from the profile, else from contact messages, else the id. */
export function handleOf(edge: EdgeWithName): string {
  return edge.profile?.displayName ?? edge.profile?.handle ?? edge.peerHandle ?? edge.peerId;
}

const hrlOf = (edge: EdgeWithName) => edge.profile?.hrl ?? edge.peerHrl;
const ms = (ns: bigint) => toMs(consensusNs(ns));
const newestFirst = (a: bigint, b: bigint) => (a < b ? 1 : a > b ? -1 : 0);

function contactOf(edge: EdgeWithName) {
  return { peerId: edge.peerId, handle: handleOf(edge), bondedAt: ms(edge.acceptNs), profileHrl: hrlOf(edge) };
}

const bondedOf = (edges: readonly EdgeWithName[]) =>
  edges.filter(isBonded).sort((a, b) => newestFirst(a.acceptNs, b.acceptNs));

/** The content of `GET /api/contacts`: contacts and requests, newest first, and trust. Times are in ms since 1970. */
export function contactsView(userId: UserId, edges: readonly EdgeWithName[]) {
  const bonded = bondedOf(edges);
  const incoming = edges.filter(isIncoming).sort((a, b) => newestFirst(a.requestInNs, b.requestInNs));
  const outgoing = edges.filter(isOutgoing).sort((a, b) => newestFirst(a.requestOutNs, b.requestOutNs));
  const request = (edge: EdgeWithName, requestNs: bigint) => ({
    peerId: edge.peerId,
    handle: handleOf(edge),
    requestedAt: ms(requestNs),
  });
  const requests = {
    incoming: fittingPrefix(
      incoming.map((edge) => request(edge, edge.requestInNs)),
      REQUESTS_BYTES,
    ),
    outgoing: fittingPrefix(
      outgoing.map((edge) => request(edge, edge.requestOutNs)),
      REQUESTS_BYTES,
    ),
  };
  // Trust appears twice: with the contact, and by id.
  const entries = bonded.map((edge) => {
    const trust = { allocatedTo: trustGiven(edge), receivedFrom: trustReceived(edge) };
    const levels = trust.allocatedTo > 0 || trust.receivedFrom > 0 ? [[edge.peerId, trust] as const] : [];
    return { contact: { ...contactOf(edge), trust }, levels };
  });
  const listed = fittingPrefix(entries, CONTACTS_BYTES);
  return {
    success: true as const,
    sessionId: userId,
    contacts: listed.map(({ contact }) => contact),
    requests,
    trustLevels: Object.fromEntries(listed.flatMap(({ levels }) => levels)),
    count: bonded.length,
    ...cappedAt({
      contacts: [listed.length, bonded.length],
      incoming: [requests.incoming.length, incoming.length],
      outgoing: [requests.outgoing.length, outgoing.length],
    }),
  };
}

/** The content of `GET /api/circle`: bonded contacts, newest first, and the user's slots. */
export function circleView(userId: UserId, edges: readonly EdgeWithName[]) {
  const bonded = bondedOf(edges);
  const allocatedOut = bonded.reduce((sum, edge) => sum + trustGiven(edge), 0);
  return {
    success: true as const,
    accountId: userId,
    bondedContacts: bonded
      .slice(0, CIRCLE_CONTACTS_MAX)
      .map((edge) => ({ ...contactOf(edge), isBonded: true as const })),
    trustStats: {
      allocatedOut,
      receivedIn: bonded.reduce((sum, edge) => sum + trustReceived(edge), 0),
      maxSlots: CIRCLE_SLOTS as 9,
      bondedContacts: bonded.length,
      overAllocated: allocatedOut > CIRCLE_SLOTS,
    },
    innerCircle: { count: bonded.filter((edge) => trustGiven(edge) > 0).length },
  };
}

type Metadata = DecodedBody["metadata"];
export type SignalOrigin = "hcs" | "hcs-cached";

/** One signal as `userId` sees it. `hcs`: just committed; `hcs-cached`: read from a tier. */
export function signalView(userId: UserId, row: StoredRow, payload: Metadata, source: SignalOrigin) {
  const metadata = boundedMetadata(payload);
  return {
    id: signalId(row.topicId, row.sequence, row.place),
    type: row.type,
    actor: row.isActor ? userId : row.peerId,
    target: row.isActor ? row.peerId : userId,
    ts: toMs(row.consensusNs),
    consensusTimestamp: formatConsensusTime(row.consensusNs),
    topicId: row.topicId,
    sequenceNumber: row.sequence,
    ...placeMember(row.place),
    metadata,
    source,
    verified: row.verification,
    author: row.author ?? "payer",
    position: row.position,
    ...truncation(metadata),
  };
}

/** Marks an answer whose metadata was cut. */
export const truncation = (metadata: Metadata) => (CUT_MARK in metadata ? { truncated: true as const } : {});

/** A definition as answers show it, without its author and its place on the ledger. */
export function definitionView(definition: Definition) {
  const { definitionId: id, slug, title, icon, description, category } = definition;
  return { id, slug, title, icon, description, category };
}

/**
 * A definition as the web UI's card, every member of which it needs. The store keeps no rarity, and the UI has a card for each
 * one only by name: the plainest stands for all.
 */
export function recognitionCard(definition: Definition) {
  const { definitionId: id, slug, title, icon, description, category, topicId, sequence, consensusNs: ns } = definition;
  return {
    id,
    name: title,
    description: description ?? "",
    icon: icon ?? "🏆",
    category: category ?? "social",
    rarity: "Common" as const,
    isActive: true as const,
    slug: slug ?? id,
    _hrl: `hcs://${topicId}/${sequence}`,
    _ts: formatConsensusTime(ns),
  };
}

/** A profile as answers show it. Without a handle of its own it has `fallbackHandle`, or else the id. */
export function profileView(userId: UserId, profile: Profile | null, fallbackHandle: string | null) {
  return {
    userId,
    handle: profile?.handle ?? fallbackHandle ?? userId,
    displayName: profile?.displayName ?? null,
    bio: profile?.bio ?? null,
    avatar: profile?.avatar ?? null,
    profileHrl: profile?.hrl ?? null,
    updatedAt: profile ? toMs(profile.consensusNs) : null,
  };
}
