/** Rows of views as values of the domain. */
import { MAX_MESSAGE_BYTES, MAX_READ_BYTES } from "../../../../core/bounds";
import { consensusNs } from "../../../../core/ledger/consensus-time";
import type { AccountId, Position, TopicId, UserId } from "../../../../core/ledger/ids";
import { GENESIS_HASH } from "../../../../core/ledger/running-hash";
import { type LogEntry, placeMember } from "../../../../core/signals/batch";
import type { Definition, Edge, Profile } from "../../../../core/signals/projection";
import { isBatch, signalsIn } from "../../../../core/signals/signal-batch";
import type { ProfileName } from "../../../../core/signals/views";
import type { EventRow, ProofRow, SignalRow, WrittenRow } from "../../../../ports/store/view-rows";
import {
  authorFlag,
  isActorFlag,
  NO_PAYER,
  placeFlag,
  signatureState,
  typeName,
  verificationFlag,
} from "../../codec/codes";
import type { PackedMessage } from "../../codec/log-segment";
import { sequenceOf } from "../../codec/ref";
import { expandedLength, fromShorthand } from "../../codec/shorthand";
import type { EdgeAnswer, NameAnswer, ProfileAnswer } from "./contacts";
import type { EventAnswer } from "./events";
import type { BESIDE } from "./pages";
import type { DefinitionAnswer } from "./recognition";
import type { SignalAnswer } from "./signals";
import type { WrittenAnswer } from "./written";

/** The rows of an answer, without the one that stands for no row. */
export const present = <R extends { readonly ref: bigint | null }>(rows: readonly R[]): readonly Present<R>[] =>
  rows.filter((row): row is Present<R> => row.ref !== null);
export type Present<R> = R & { readonly ref: bigint };

/** The columns of an edge as the domain has them. A time that is null was never said: 0n. */
export function toEdge(userId: UserId, peerId: UserId, row: Omit<EdgeAnswer, keyof typeof BESIDE | "peerId">): Edge {
  return {
    userId,
    peerId,
    acceptNs: row.acceptNs ?? 0n,
    acceptOutNs: row.acceptOutNs ?? 0n,
    acceptInNs: row.acceptInNs ?? 0n,
    revokeNs: row.revokeNs ?? 0n,
    requestOutNs: row.requestOutNs ?? 0n,
    requestInNs: row.requestInNs ?? 0n,
    trustOutNs: row.trustOutNs ?? 0n,
    trustOutWeight: row.trustOutWeight ?? 0,
    trustOutEndNs: row.trustOutEndNs ?? 0n,
    trustInNs: row.trustInNs ?? 0n,
    trustInWeight: row.trustInWeight ?? 0,
    trustInEndNs: row.trustInEndNs ?? 0n,
    peerHandle: row.peerHandle,
    peerHandleNs: row.peerHandleNs ?? 0n,
    peerHrl: row.peerHrl,
    peerHrlNs: row.peerHrlNs ?? 0n,
  };
}

/** Null if the user has no profile. */
export function toProfile(userId: UserId, row: ProfileAnswer): Profile | null {
  if (row.profileNs === null) return null;
  const { handle, displayName, bio, avatar, hrl } = row;
  const order = row.saidNs === null ? {} : { saidNs: consensusNs(row.saidNs) };
  return { userId, consensusNs: consensusNs(row.profileNs), ...order, handle, displayName, bio, avatar, hrl };
}

/** The part of a profile that names a contact; null if the contact has no profile. */
export function toProfileName({ profileNs, handle, displayName, hrl }: NameAnswer): ProfileName | null {
  return profileNs === null ? null : { handle, displayName, hrl };
}

interface Shown {
  /** Null if the log does not have the message. */
  readonly size: number | null;
  readonly body: Uint8Array | null;
}

/** The signal of a row; null if it is too long to be shown. Throws if there is no message, or no signal at this place in it. */
function shownBody({ size, body }: Shown, place: number): Uint8Array | null {
  if (size === null) throw new RangeError("the row's message is not in the log");
  return body === null || expandedLength(body) > MAX_MESSAGE_BYTES ? null : signalAt(fromShorthand(body), place);
}

/** The bytes of the signal at this place: a message that is not a batch is its only signal. Throws RangeError if there is none there. */
export function signalAt(message: Uint8Array, place: number): Uint8Array {
  if (!isBatch(message)) return message;
  const signal = signalsIn(message)[place];
  if (signal === undefined) throw new RangeError("the row's message has no signal at its place");
  return signal;
}

function known(topicId: TopicId | null): TopicId {
  if (topicId === null) throw new RangeError("the row's topic is not known");
  return topicId;
}

/** The first rows whose messages fit into the bytes that a page reads; at least one row. */
export function readAtOnce<R extends Shown>(rows: readonly R[]): readonly R[] {
  let left = MAX_READ_BYTES;
  for (const [i, { body }] of rows.entries()) {
    if (left < 0) return rows.slice(0, i);
    if (body !== null) left -= Math.min(expandedLength(body), MAX_MESSAGE_BYTES);
  }
  return rows;
}

interface Placed {
  readonly topicId: TopicId | null;
  readonly ref: bigint;
  readonly consensusNs: bigint;
}

const place = ({ topicId, ref, consensusNs: ns }: Placed) => ({
  topicId: known(topicId),
  sequence: sequenceOf(ref),
  consensusNs: consensusNs(ns),
});

/** Decodes a row of a page of signals. Throws if the row holds what this version does not know. */
export function toSignal(row: Present<Omit<SignalAnswer, "stamp" | "head" | "userNo" | "found">>): SignalRow {
  return {
    position: row.position as Position,
    ...place(row),
    type: typeName(row.typeNo, row.typeName),
    peerId: row.peerId,
    isActor: isActorFlag(row.flags),
    verification: verificationFlag(row.flags),
    ...authorFlag(row.flags),
    ...placeMember(placeFlag(row.flags)),
    body: shownBody(row, placeFlag(row.flags)),
  };
}

/** Decodes a row of a page of events. Throws RangeError if its message or its topic is missing. */
export function toEvent(row: Present<EventAnswer>): EventRow {
  const { flags, messageNs, consensusNs: ns } = row;
  // The time of a fact is that of its signal.
  const at = flags === null ? Number(ns - (messageNs ?? ns)) : placeFlag(flags);
  return {
    ...place(row),
    signature: row.signature === null ? null : signatureState.name(row.signature),
    body: shownBody(row, at),
  };
}

/** `packed`: the row's message, if it is packed. Throws if there is no message. */
export function toWritten(row: Present<WrittenAnswer>, packed: PackedMessage | undefined): WrittenRow {
  const { payer, whole } = packed ?? { payer: row.payer, whole: row.whole && fromShorthand(row.whole) };
  if (whole === null) throw new RangeError("the row's message is not in the log");
  return {
    ...place(row),
    ...placeMember(placeFlag(row.flags)),
    payer: payer ?? (NO_PAYER as AccountId),
    body: signalAt(whole, placeFlag(row.flags)),
    ...(isBatch(whole) ? { batch: whole } : {}),
  };
}

/** Decodes a definition. Throws RangeError if its topic is missing. */
export function toDefinition(row: Present<DefinitionAnswer>): Definition {
  const { definitionId, actor, slug, title, icon, description, category } = row;
  return { definitionId, ...place(row), actor, slug, title, icon, description, category };
}

/** `before`: the running hash of the message before; null if it is not known. */
export function toProof(topicId: TopicId, entry: LogEntry, before: Uint8Array | null): ProofRow {
  const { sequence, consensusNs: ns, payer, message, runningHash, runningHashVersion, verification, reason } = entry;
  return {
    ...{ topicId, sequence, consensusNs: ns, payer, message, runningHash, runningHashVersion, verification, reason },
    previousRunningHash: sequence === 1 ? GENESIS_HASH : before,
  };
}
