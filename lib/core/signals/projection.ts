/**
 * The state that signals add up to: edges between two people, profiles, recognition definitions.
 *
 * Invariant: every member of a projection is the latest of its kind by consensus time (a max-register), so merging is
 * commutative, associative and idempotent, and topics may be ingested in any order, any number of times.
 */
import type { ConsensusNs } from "../ledger/consensus-time";
import type { Sequence, TopicId, UserId } from "../ledger/ids";
import type { Fields } from "./forms/fields";
import { type TypeOfKind, typeKindOf } from "./message-types";
import type { DecodedBody } from "./signal";
import { cleanText } from "./text";
import { DEFINITION_TEXTS, PROFILE_TEXTS, profileIn, valueIn } from "./text-members";

/** A consensus time, or 0n for "never". */
type LatestNs = bigint;

/** One pair as `userId` sees it. Each pair has two, one for each side. */
export interface Edge {
  readonly userId: UserId;
  readonly peerId: UserId;
  /** The latest accept by either of the two. */
  readonly acceptNs: LatestNs;
  readonly acceptOutNs: LatestNs;
  readonly acceptInNs: LatestNs;
  readonly revokeNs: LatestNs;
  readonly requestOutNs: LatestNs;
  readonly requestInNs: LatestNs;
  readonly trustOutNs: LatestNs;
  /** Weight of the allocation at `trustOutNs`. */
  readonly trustOutWeight: number;
  /** Latest revoke by the user or decline by the peer. */
  readonly trustOutEndNs: LatestNs;
  readonly trustInNs: LatestNs;
  readonly trustInWeight: number;
  readonly trustInEndNs: LatestNs;
  /** The peer's name as contact messages give it. */
  readonly peerHandle: string | null;
  readonly peerHandleNs: LatestNs;
  readonly peerHrl: string | null;
  readonly peerHrlNs: LatestNs;
}

/** The latest profile of a user. It replaces the earlier one as a whole, so a member that it leaves out is null. */
export interface Profile {
  readonly userId: UserId;
  readonly consensusNs: ConsensusNs;
  /** The time by which versions are ordered, if that is not the consensus time (core/signals/signed). */
  readonly saidNs?: ConsensusNs;
  readonly handle: string | null;
  readonly displayName: string | null;
  readonly bio: string | null;
  readonly avatar: string | null;
  readonly hrl: string | null;
}

/** A definition as its claim that counts has it, with the place of that message. */
export interface Definition {
  readonly definitionId: string;
  readonly consensusNs: ConsensusNs;
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly actor: UserId | null;
  readonly slug: string | null;
  readonly title: string;
  readonly icon: string | null;
  readonly description: string | null;
  readonly category: string | null;
}

/**
 * One person's claim of a definition: their latest version, and the time of their first. A null `actor` stands for payers who
 * may write for everybody: other payers' messages without an actor do not count.
 */
export interface DefinitionClaim extends Definition {
  readonly firstNs: ConsensusNs;
}

/** A decoded message with its place on the ledger. */
export interface DecodedMessage {
  readonly decoded: DecodedBody;
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  /** The time by which versions are ordered, if that is not the consensus time (core/signals/signed). */
  readonly saidNs?: ConsensusNs;
}

/** The part of a decoded message that its edges depend on. */
export type EdgeSignal = Pick<DecodedMessage, "decoded" | "consensusNs">;

/** An edge about which no message has said anything: all times are 0n, all weights 0. */
export function emptyEdge(userId: UserId, peerId: UserId): Edge {
  return {
    userId,
    peerId,
    acceptNs: 0n,
    acceptOutNs: 0n,
    acceptInNs: 0n,
    revokeNs: 0n,
    requestOutNs: 0n,
    requestInNs: 0n,
    trustOutNs: 0n,
    trustOutWeight: 0,
    trustOutEndNs: 0n,
    trustInNs: 0n,
    trustInWeight: 0,
    trustInEndNs: 0n,
    peerHandle: null,
    peerHandleNs: 0n,
    peerHrl: null,
    peerHrlNs: 0n,
  };
}

/** The later of two consensus times; 0n means never. */
export const laterNs = (a: bigint, b: bigint) => (a > b ? a : b);

/** Joins two states of one edge: for each register, the later one. */
export function mergeEdge(a: Edge, b: Edge): Edge {
  const out = a.trustOutNs >= b.trustOutNs ? a : b;
  const into = a.trustInNs >= b.trustInNs ? a : b;
  const handle = a.peerHandleNs >= b.peerHandleNs ? a : b;
  const hrl = a.peerHrlNs >= b.peerHrlNs ? a : b;
  return {
    userId: a.userId,
    peerId: a.peerId,
    acceptNs: laterNs(a.acceptNs, b.acceptNs),
    acceptOutNs: laterNs(a.acceptOutNs, b.acceptOutNs),
    acceptInNs: laterNs(a.acceptInNs, b.acceptInNs),
    revokeNs: laterNs(a.revokeNs, b.revokeNs),
    requestOutNs: laterNs(a.requestOutNs, b.requestOutNs),
    requestInNs: laterNs(a.requestInNs, b.requestInNs),
    trustOutNs: out.trustOutNs,
    trustOutWeight: out.trustOutWeight,
    trustOutEndNs: laterNs(a.trustOutEndNs, b.trustOutEndNs),
    trustInNs: into.trustInNs,
    trustInWeight: into.trustInWeight,
    trustInEndNs: laterNs(a.trustInEndNs, b.trustInEndNs),
    peerHandle: handle.peerHandle,
    peerHandleNs: handle.peerHandleNs,
    peerHrl: hrl.peerHrl,
    peerHrlNs: hrl.peerHrlNs,
  };
}

type EdgeRegisters = Partial<Omit<Edge, "userId" | "peerId">>;

type EdgeEffect = (ns: bigint, weight: number) => readonly [ofActor: EdgeRegisters, ofTarget: EdgeRegisters];

/** The effect of each type on the edge of the actor and on that of the target. Types of other kinds change no edge. */
const EDGE_EFFECTS: Readonly<Record<TypeOfKind<"contact" | "trust">, EdgeEffect | null>> = {
  CONTACT_REQUEST: (ns) => [{ requestOutNs: ns }, { requestInNs: ns }],
  CONTACT_ACCEPT: (ns) => [
    { acceptNs: ns, acceptOutNs: ns },
    { acceptNs: ns, acceptInNs: ns },
  ],
  CONTACT_REVOKE: (ns) => [{ revokeNs: ns }, { revokeNs: ns }],
  TRUST_ALLOCATE: (ns, weight) => [
    { trustOutNs: ns, trustOutWeight: weight },
    { trustInNs: ns, trustInWeight: weight },
  ],
  TRUST_REVOKE: (ns) => [{ trustOutEndNs: ns }, { trustInEndNs: ns }],
  // The receiver declines what the target gave: the actor's incoming trust ends.
  TRUST_DECLINE: (ns) => [{ trustInEndNs: ns }, { trustOutEndNs: ns }],
  // Trust counts when it is given.
  TRUST_ACCEPT: null,
  // Shown, and without effect: the weight is what the latest TRUST_ALLOCATE says.
  TRUST_UPDATE: null,
};

/** The edges that one signal changes, as states to merge: none, or one for each side. */
export function edgesOf(signal: EdgeSignal): readonly Edge[] {
  const { decoded, consensusNs: ns } = signal;
  const { actor, target } = decoded;
  if (actor === null || target === null || actor === target) return [];
  const effect = Object.hasOwn(EDGE_EFFECTS, decoded.type)
    ? EDGE_EFFECTS[decoded.type as keyof typeof EDGE_EFFECTS]
    : null;
  if (effect === null) return [];
  const [ofActor, ofTarget] = effect(ns, decoded.weight ?? 1);
  // Names come from contact messages only: in a trust message `name` may mean anything.
  const isNaming = typeKindOf(decoded.type) === "contact";
  const peerNames = (party: DecodedBody["actorParty"]): EdgeRegisters => ({
    ...(isNaming && party.handle !== null ? { peerHandle: party.handle, peerHandleNs: ns } : {}),
    ...(isNaming && party.hrl !== null ? { peerHrl: party.hrl, peerHrlNs: ns } : {}),
  });
  return [
    { ...emptyEdge(actor, target), ...ofActor, ...peerNames(decoded.targetParty) },
    { ...emptyEdge(target, actor), ...ofTarget, ...peerNames(decoded.actorParty) },
  ];
}

/** The profile that a PROFILE_UPDATE sets: the whole profile, the last writer wins. */
export function profileOf(signal: DecodedMessage): Profile | null {
  const { decoded, consensusNs, saidNs } = signal;
  if (decoded.type !== "PROFILE_UPDATE" || decoded.actor === null) return null;
  const fields = profileIn(decoded.metadata);
  const text = (member: keyof typeof PROFILE_TEXTS, maxCharacters: number) =>
    cleanText(valueIn(fields, PROFILE_TEXTS[member]), maxCharacters);
  return {
    userId: decoded.actor,
    consensusNs,
    ...(saidNs === undefined ? {} : { saidNs }),
    handle: text("handle", 60),
    displayName: text("displayName", 80),
    bio: text("bio", 2_000),
    avatar: text("avatar", 500),
    hrl: text("hrl", 200),
  };
}

const orderOf = ({ saidNs, consensusNs }: Profile): bigint => saidNs ?? consensusNs;

/** Whether a version of a profile replaces another one. Of two with one time the one that came first counts: the other repeats it. */
export function isLaterProfile(profile: Profile, known: Profile): boolean {
  const [a, b] = [orderOf(profile), orderOf(known)];
  return a === b ? profile.consensusNs < known.consensusNs : a > b;
}

/** Reads a RECOGNITION_DEFINITION as claims, to merge with the others of its actor. A catalogue's batch makes many. */
export function claimsOf(signal: DecodedMessage): readonly DefinitionClaim[] {
  const { decoded, topicId, sequence, consensusNs } = signal;
  const text = (fields: Fields, member: keyof typeof DEFINITION_TEXTS, maxCharacters: number) =>
    cleanText(valueIn(fields, DEFINITION_TEXTS[member]), maxCharacters);
  return (decoded.definitions ?? []).map(({ id, fields }) => ({
    definitionId: id,
    consensusNs,
    firstNs: consensusNs,
    topicId,
    sequence,
    actor: decoded.actor,
    slug: text(fields, "slug", 80),
    title: text(fields, "title", 120) ?? id,
    icon: text(fields, "icon", 40),
    description: text(fields, "description", 1_000),
    category: text(fields, "category", 60),
  }));
}

/** Joins two claims of one person to one id. */
export function mergeClaim(a: DefinitionClaim, b: DefinitionClaim): DefinitionClaim {
  const firstNs = laterNs(b.firstNs, a.firstNs) === a.firstNs ? b.firstNs : a.firstNs;
  return { ...(a.consensusNs >= b.consensusNs ? a : b), firstNs };
}

/** The most claims to one id that are kept: the earliest. Only the earliest can count, so a later stranger changes nothing. */
export const MAX_CLAIMS = 16;

/**
 * The definition that counts among all claims to an id: the latest version of the person who claimed it first. Payers who may
 * write for everybody may correct it. Claims merge in any order, so topics may be ingested in any order.
 */
export function definitionOf(claims: readonly DefinitionClaim[]): DefinitionClaim | null {
  const [owner] = [...claims].sort((a, b) => (a.firstNs < b.firstNs ? -1 : a.firstNs > b.firstNs ? 1 : 0));
  const valid = claims.filter((claim) => claim === owner || claim.actor === null);
  return valid.reduce<DefinitionClaim | null>(
    (latest, claim) => (latest === null || claim.consensusNs > latest.consensusNs ? claim : latest),
    null,
  );
}

/**
 * The edge under STRICT_BONDING: one side alone cannot make a bond. An accept makes one if the other side has asked or accepted
 * too since the latest revoke; otherwise it counts as a request. Every register stays the latest of its kind, so the result does
 * not depend on the order of topics, and a request may also come after the accept that it answers.
 */
export function underStrictBonding<T extends Edge>(edge: T): T {
  const askedOutNs = laterNs(edge.requestOutNs, edge.acceptOutNs);
  const askedInNs = laterNs(edge.requestInNs, edge.acceptInNs);
  const isMutual = isBonded(edge) && askedOutNs > edge.revokeNs && askedInNs > edge.revokeNs;
  return isMutual ? edge : { ...edge, acceptNs: 0n, requestOutNs: askedOutNs, requestInNs: askedInNs };
}

/** Bonded while the latest accept is newer than the latest revoke, from either side. */
export function isBonded(edge: Pick<Edge, "acceptNs" | "revokeNs">): boolean {
  return edge.acceptNs > edge.revokeNs;
}

const settledNs = (edge: Edge) => laterNs(edge.acceptNs, edge.revokeNs);

/** The peer asks: they are not bonded, and nothing between the two is newer than the request. */
export function isIncoming(edge: Edge): boolean {
  return !isBonded(edge) && edge.requestInNs > settledNs(edge);
}

/** The user asks: they are not bonded, and nothing between the two is newer than the request. */
export function isOutgoing(edge: Edge): boolean {
  return !isBonded(edge) && edge.requestOutNs > settledNs(edge);
}

/** The weight that the user gives the peer; 0 if the trust was ended since or the pair is not bonded. */
export function trustGiven(edge: Edge): number {
  return isBonded(edge) && edge.trustOutNs > edge.trustOutEndNs ? edge.trustOutWeight : 0;
}

/** The weight that the peer gives the user, by the same rule as `trustGiven`. */
export function trustReceived(edge: Edge): number {
  return isBonded(edge) && edge.trustInNs > edge.trustInEndNs ? edge.trustInWeight : 0;
}
