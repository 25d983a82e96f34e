/**
 * Turns a run of ledger messages into the batch that is committed for them: they are checked, reassembled, decoded, attributed
 * and projected. Pure, so a replay from any split into pages gives the same log, rows and projections.
 */

import { keyOf } from "../key";
import { kindOfChunk, type Piece, Reassembly, UNUSABLE_CHUNK } from "../ledger/chunks";
import type { ConsensusNs } from "../ledger/consensus-time";
import { type AccountId, ownerOfIssuer, type TopicId, type UserId } from "../ledger/ids";
import { addressOfDid } from "../ledger/magic-token";
import { defectIn, type LedgerMessage } from "../ledger/message";
import type { Sha384 } from "../ledger/running-hash";
import { advance, type ChainHead, type Verdict, verifyNext } from "../ledger/verify";
import { type Batch, type Facts, type LogEntry, placeMember, type UserRow } from "./batch";
import { decodeSignals } from "./envelope";
import {
  claimsOf,
  type DecodedMessage,
  type DefinitionClaim,
  type Edge,
  edgesOf,
  isLaterProfile,
  mergeClaim,
  mergeEdge,
  type Profile,
  profileOf,
} from "./projection";
import type { DecodedBody, SignatureState, SignatureVerdict, Verification } from "./signal";
import { isBatch, signalTime } from "./signal-batch";
import { authorOf, countedPart, isTimely, type SignedMessage, saidNs, signedIn } from "./signed";

/** A message that has a verdict was checked before. It is only interpreted again, and the chain does not move. */
export type ToInterpret = LedgerMessage & {
  readonly verdict?: Verdict;
  /** As it was stored. Absent: not judged yet. */
  readonly signature?: SignatureState | null;
};

/** Accounts that may write for others (TRUSTED_PAYERS); `*` is everybody. */
export type TrustedPayers = ReadonlySet<AccountId> | "*";

/** A run of messages, and everything that their meaning depends on. */
export interface InterpretInput {
  readonly topicId: TopicId;
  /** The chain before the first message. */
  readonly head: ChainHead;
  /** By rising sequence, without a hole except before the first. */
  readonly messages: readonly ToInterpret[];
  /** Stored parts of the chunk groups that occur in `messages`, by rising sequence. */
  readonly priorParts: readonly Piece[];
  readonly trustedPayers: TrustedPayers;
  readonly sha384: Sha384;
  /** Verdicts on signatures, by sequence. A signature that is not in it, and was not judged before, stays open. */
  readonly judged?: ReadonlyMap<number, SignatureVerdict> | undefined;
}

/** Everything that a run of messages adds to the store. */
export interface Interpretation extends Batch {
  /** The chain after the last message. */
  readonly head: ChainHead;
}

type Outcome = Pick<LogEntry, "disposition" | "reason" | "body" | "chunk"> & {
  readonly signature: SignatureState | null;
  /** In their order; empty if the message counts for nothing. */
  readonly signals: readonly DecodedBody[];
  /** The verdict on the whole message, where it came in chunks. */
  readonly verification: Verification;
};

/** The meaning of a run of messages, and the chain after the last one. Never throws for what a message holds. */
export function interpret(input: InterpretInput): Interpretation {
  const reassembly = Reassembly.from(input.priorParts);
  const entries: LogEntry[] = [];
  const rows: UserRow[] = [];
  const signals: DecodedMessage[] = [];
  let head = input.head;
  for (const message of input.messages) {
    const verdict = message.verdict ?? verifyNext(input.sha384, head, message);
    if (message.verdict === undefined) head = advance(head, message, verdict);
    const outcome = outcomeOf(message, verdict.verification, reassembly, input);
    entries.push({
      sequence: message.sequence,
      consensusNs: message.consensusNs,
      payer: message.payer,
      message: message.message,
      body: outcome.body,
      runningHash: message.runningHash,
      runningHashVersion: message.runningHashVersion,
      verification: verdict.verification,
      disposition: outcome.disposition,
      reason: outcome.reason ?? verdict.reason,
      chunk: outcome.chunk,
      ...(outcome.signature === null ? {} : { signature: outcome.signature }),
      ...(message.chunkInfo === undefined ? {} : { chunkInfo: message.chunkInfo }),
    });
    const { verification, signature } = outcome;
    const author = authorOf(signature);
    for (const [place, signal] of outcome.signals.entries()) {
      const { sequence } = message;
      const consensusNs = signalTime(message.consensusNs, place);
      signals.push({ ...said(signal, signature, consensusNs), topicId: input.topicId, sequence });
      for (const [userId, isActor] of concerned(signal)) {
        const peerId = isActor ? signal.target : signal.actor;
        rows.push({
          ...{ userId, consensusNs, sequence, type: signal.type, peerId, isActor, verification },
          ...placeMember(place),
          ...(author === "payer" ? {} : { author }),
        });
      }
    }
  }
  return { topicId: input.topicId, entries, rows, ...project(signals), head };
}

/** Reads a message's bytes and decides what becomes of it. */
function outcomeOf(
  message: ToInterpret,
  verification: Verification,
  reassembly: Reassembly,
  { trustedPayers, judged }: InterpretInput,
): Outcome {
  const { chunk } = message;
  const nothing = { reason: null, body: null, signals: [], verification, chunk, signature: null };
  if (verification === "failed") return { ...nothing, disposition: "failed" };
  const whole = reassembly.take({ chunk, message: message.message, verification });
  if (whole === null) return { ...nothing, disposition: "part" };
  // A part that adds nothing leaves its group, so repeated parts do not make the lookup of a group slower.
  if (whole === "bad-chunk")
    return { ...nothing, disposition: "undecodable", reason: "bad-chunk", chunk: UNUSABLE_CHUNK };
  if (whole === "repeat") return { ...nothing, disposition: "part", chunk: chunk && { ...chunk, key: "" } };
  const isJoined = kindOfChunk(chunk) === "part";
  const stored = { ...nothing, body: isJoined ? whole.message : null, verification: whole.verification };
  const isBatched = isBatch(whole.message);
  // The payer is judged before the batch is opened, because opening it takes much more time.
  if (isBatched && !isTrusted(message.payer, null, trustedPayers))
    return { ...stored, disposition: "untrusted", reason: "untrusted-payer" };
  const decoded = decodeSignals(whole.message);
  if (!decoded.ok) return { ...stored, disposition: "undecodable", reason: decoded.error };
  const signals = decoded.value;
  const mayPay = signals.every(({ actor }) => isTrusted(message.payer, actor, trustedPayers));
  const [signed = null] = signals.map(signedIn).filter((each) => each !== null);
  // A message has one state for its signature, so signed signals come by themselves.
  if (signed && isBatched) return { ...stored, disposition: "undecodable", reason: "bad-batch" };
  const signature = signed && signatureOf(signed, message, mayPay, judged);
  // Judged before the key is looked up, so that old messages which strangers repeat cost no look-ups.
  if (signed && !mayPay && !isTimely(signed.signedMs, message.consensusNs))
    return { ...stored, signature, disposition: "untrusted", reason: "outdated-signature" };
  if (signature === "open") return { ...stored, signature, disposition: "unproven" };
  if (signature === "wrong") return { ...stored, signature, disposition: "untrusted", reason: "wrong-signature" };
  if (signature !== "alone" && !mayPay)
    return { ...stored, signature, disposition: "untrusted", reason: "untrusted-payer" };
  return { ...stored, signature, disposition: "signal", signals };
}

/** A verdict does not change: the key is the one that the account had at the message's consensus time. */
function signatureOf(
  { texts, signature }: SignedMessage,
  message: ToInterpret,
  mayPay: boolean,
  judged: InterpretInput["judged"],
): SignatureState {
  if (signature === null || texts.length === 0) return "wrong";
  const before = message.signature ?? "open";
  const known = before === "alone" || before === "both" ? "right" : before;
  const verdict = known === "open" ? (judged?.get(message.sequence) ?? "open") : known;
  return verdict === "right" ? (mayPay ? "both" : "alone") : verdict;
}

/** The part of a message that counts, and the time by which its versions are ordered. */
function said(
  decoded: DecodedBody,
  signature: SignatureState | null | undefined,
  ns: ConsensusNs,
): Pick<DecodedMessage, "decoded" | "consensusNs" | "saidNs"> {
  const order = signature === "alone" ? { saidNs: saidNs(signedIn(decoded)?.signedMs ?? null, ns) } : {};
  return { decoded: countedPart(decoded, signature), consensusNs: ns, ...order };
}

/** Whether a payer may write for this actor. An unknown payer may write for nobody, even if everybody is trusted. */
export function isTrusted(payer: AccountId | null, actor: UserId | null, trusted: TrustedPayers): boolean {
  if (payer === null) return false;
  return trusted === "*" || trusted.has(payer) || (payer as string) === actor;
}

/** Turns a log entry back into its ledger message, so that it can be interpreted again. */
export function ledgerMessageOf(topicId: TopicId, entry: LogEntry): ToInterpret {
  return { ...entry, topicId, defect: defectIn(entry.reason) };
}

/**
 * The people whom a signal concerns, and whether each is its actor: the actor and the target, once each. An identity message has a row
 * of its identity, too.
 */
function concerned({ actor, target, identity }: DecodedBody): readonly (readonly [UserId, boolean])[] {
  const people: [UserId, boolean][] = [];
  const issuer = identity === undefined ? null : addressOfDid(identity.sub);
  if (issuer !== null) people.push([ownerOfIssuer(issuer), true]);
  if (actor !== null) people.push([actor, true]);
  if (target !== null && target !== actor) people.push([target, false]);
  return people;
}

/** Derives the facts from stored messages. Whether each is a signal was decided when it was stored. */
export function projectStored(topicId: TopicId, entries: readonly LogEntry[]): Facts {
  const signals = entries.flatMap((entry): DecodedMessage[] => {
    if (entry.disposition !== "signal") return [];
    const decoded = decodeSignals(entry.body ?? entry.message);
    const { sequence, consensusNs, signature } = entry;
    return (decoded.ok ? decoded.value : []).map((signal, place) => ({
      ...said(signal, signature, signalTime(consensusNs, place)),
      ...{ topicId, sequence },
    }));
  });
  return project(signals);
}

/** The facts of a set of signals: one edge for each pair and side, one profile for each user, one claim for each id and actor. */
export function project(signals: readonly DecodedMessage[]): Facts {
  const edges = new Map<string, Edge>();
  const profiles = new Map<string, Profile>();
  const definitions = new Map<string, DefinitionClaim>();
  for (const signal of signals) {
    for (const edge of edgesOf(signal)) {
      const key = keyOf(edge.userId, edge.peerId);
      const known = edges.get(key);
      edges.set(key, known ? mergeEdge(known, edge) : edge);
    }
    const profile = profileOf(signal);
    const known = profile && profiles.get(profile.userId);
    if (profile && (!known || isLaterProfile(profile, known))) profiles.set(profile.userId, profile);
    for (const claim of claimsOf(signal)) {
      const key = keyOf(claim.definitionId, claim.actor ?? "");
      const known = definitions.get(key);
      definitions.set(key, known ? mergeClaim(known, claim) : claim);
    }
  }
  return { edges: [...edges.values()], profiles: [...profiles.values()], definitions: [...definitions.values()] };
}
