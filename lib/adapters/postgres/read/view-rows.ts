/** View rows as values of the domain. */
import { MAX_MESSAGE_BYTES, MAX_READ_BYTES } from "../../../core/bounds";
import type { Position, TopicId, UserId } from "../../../core/ledger/ids";
import { GENESIS_HASH } from "../../../core/ledger/running-hash";
import type { Definition, Edge, Profile } from "../../../core/signals/projection";
import type { ProfileName } from "../../../core/signals/views";
import type { EventRow, ProofRow, SignalRow } from "../../../ports/store/view-store";
import { isActorFlag, typeName, verification, verificationFlag } from "../codec/codes";
import { bytes, int8, message, ns, payer, sequenceOf, text } from "../codec/decode-row";
import { expand, expandedLength } from "../codec/shorthand";
import type { Row } from "../drivers/database";

export function edge(userId: UserId, row: Row): Edge {
  return {
    userId,
    peerId: row.peer_id as UserId,
    acceptNs: int8(row.accept_ns),
    acceptOutNs: int8(row.accept_out_ns),
    acceptInNs: int8(row.accept_in_ns),
    revokeNs: int8(row.revoke_ns),
    requestOutNs: int8(row.request_out_ns),
    requestInNs: int8(row.request_in_ns),
    trustOutNs: int8(row.trust_out_ns),
    trustOutWeight: Number(row.trust_out_weight ?? 0),
    trustOutEndNs: int8(row.trust_out_end_ns),
    trustInNs: int8(row.trust_in_ns),
    trustInWeight: Number(row.trust_in_weight ?? 0),
    trustInEndNs: int8(row.trust_in_end_ns),
    peerHandle: text(row.peer_handle),
    peerHandleNs: int8(row.peer_handle_ns),
    peerHrl: text(row.peer_hrl),
    peerHrlNs: int8(row.peer_hrl_ns),
  };
}

/** A profile beside other columns; null where the outer join found none. */
export function profile(userId: UserId, row: Row): Profile | null {
  if (row.profile_ns === null) return null;
  return {
    userId,
    consensusNs: ns(row.profile_ns),
    handle: text(row.handle),
    displayName: text(row.display_name),
    bio: text(row.bio),
    avatar: text(row.avatar),
    hrl: text(row.hrl),
  };
}

/** The part of a profile that names a contact; null where the outer join found none. */
export function profileName(row: Row): ProfileName | null {
  if (row.profile_ns === null) return null;
  return { handle: text(row.handle), displayName: text(row.display_name), hrl: text(row.hrl) };
}

/** The message of a row, null where it is too long to be shown. Throws where there is no message. */
function shownBody(row: Row): Uint8Array | null {
  if (row.size === null) throw new RangeError("the row's message is not in the log");
  const kept = row.body === null ? null : (row.body as Uint8Array);
  return kept === null || expandedLength(kept) > MAX_MESSAGE_BYTES ? null : expand(kept);
}

export function topicIdIn(row: Row): TopicId {
  if (typeof row.topic_id !== "string") throw new RangeError("the row's topic is not known");
  return row.topic_id as TopicId;
}

/** The first rows, as many as have at most so many bytes together as a page reads: at least one. */
export function readAtOnce(rows: readonly Row[]): readonly Row[] {
  let left = MAX_READ_BYTES;
  for (const [i, { body }] of rows.entries()) {
    if (left < 0) return rows.slice(0, i);
    if (body !== null) left -= Math.min(expandedLength(body as Uint8Array), MAX_MESSAGE_BYTES);
  }
  return rows;
}

export function signal(row: Row): SignalRow {
  return {
    position: Number(row.position) as Position,
    topicId: topicIdIn(row),
    sequence: sequenceOf(row.ref),
    consensusNs: ns(row.consensus_ns),
    type: typeName(row.type_no, row.type_name),
    peerId: text(row.peer_id) as UserId | null,
    isActor: isActorFlag(row.flags),
    verification: verificationFlag(row.flags),
    body: shownBody(row),
  };
}

export function event(row: Row): EventRow {
  return {
    topicId: topicIdIn(row),
    sequence: sequenceOf(row.ref),
    consensusNs: ns(row.consensus_ns),
    body: shownBody(row),
  };
}

export function definition(row: Row): Definition {
  return {
    definitionId: String(row.definition_id),
    consensusNs: ns(row.consensus_ns),
    topicId: row.topic_id as TopicId,
    sequence: sequenceOf(row.ref),
    actor: text(row.actor) as UserId | null,
    slug: text(row.slug),
    title: String(row.title),
    icon: text(row.icon),
    description: text(row.description),
    category: text(row.category),
  };
}

export function proof(topicId: TopicId, row: Row): ProofRow {
  const sequence = sequenceOf(row.ref);
  return {
    topicId,
    sequence,
    consensusNs: ns(row.consensus_ns),
    payer: payer(row.payer),
    message: message(row.message) as Uint8Array,
    runningHash: bytes(row.running_hash),
    runningHashVersion: row.hash_version === null ? null : Number(row.hash_version),
    verification: verification.name(row.verification),
    reason: text(row.reason),
    previousRunningHash: sequence === 1 ? GENESIS_HASH : bytes(row.previous_hash),
  };
}
