/** View rows as values of the domain. */
import type { AccountId, Position, TopicId, UserId } from "../../core/ids";
import type { Definition, Edge, Profile } from "../../core/projection";
import { GENESIS_HASH } from "../../core/running-hash";
import type { EventRow, ProofRow, SignalRow } from "../../ports/view-store";
import { isActorFlag, typeName, verification, verificationFlag } from "./codes";
import type { Row } from "./database";
import { bytes, int8, message, ns, sequenceOf, text } from "./decode-row";

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

export function signal(row: Row): SignalRow {
  return {
    position: Number(row.position) as Position,
    topicId: row.topic_id as TopicId,
    sequence: sequenceOf(row.ref),
    consensusNs: ns(row.consensus_ns),
    type: typeName(row.type_no, row.type_name),
    peerId: text(row.peer_id) as UserId | null,
    isActor: isActorFlag(row.flags),
    verification: verificationFlag(row.flags),
    body: message(row.body) as Uint8Array,
  };
}

export function event(row: Row): EventRow {
  return {
    topicId: row.topic_id as TopicId,
    sequence: sequenceOf(row.ref),
    consensusNs: ns(row.consensus_ns),
    body: message(row.body) as Uint8Array,
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
    payer: row.payer as AccountId,
    message: message(row.message) as Uint8Array,
    runningHash: bytes(row.running_hash),
    runningHashVersion: row.hash_version === null ? null : Number(row.hash_version),
    verification: verification.name(row.verification),
    reason: text(row.reason),
    previousRunningHash: sequence === 1 ? GENESIS_HASH : bytes(row.previous_hash),
  };
}
