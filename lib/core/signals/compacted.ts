/**
 * A user's present state as a short list of flat messages, for readers of a mirror that keep the last 200 messages of all topics
 * and know neither revokes nor chunks nor numeric types (docs/integrations/trustmesh-ui.md). A list replaces the whole history:
 * each present bond, each present trust and the latest mints, once. So these are not the ledger's bytes.
 */
import type { TopicKind, UserId } from "../ledger/ids";
import { type Edge, isBonded, trustGiven, trustReceived } from "./projection";
import { type EdgeWithName, handleOf } from "./views";

/** The reader keeps this many messages of all topics together. */
export const COMPACTED_MAX = 200;
/** Mints that have a place however many contacts there are: what the feed shows without scrolling for long. */
const MINTS_LEAST = 40;

/** A mint with its definition's words, all at the top. */
export interface CompactedMint {
  readonly consensusNs: bigint;
  readonly actor: UserId;
  readonly target: UserId;
  /** Further members of the body: names, texts, numbers. */
  readonly words: Readonly<Record<string, unknown>>;
}

/** One message of the list. Its time is invented where several facts have the same. */
export interface CompactedMessage {
  readonly kind: TopicKind;
  /** Rises strictly within a kind, and over kinds. Nanoseconds. */
  readonly consensusNs: bigint;
  /** The body's members. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The state that the list is made from. */
export interface CompactedSource {
  readonly userId: UserId;
  /** The user's own name. */
  readonly handle: string;
  readonly edges: readonly EdgeWithName[];
  readonly mints: readonly CompactedMint[];
}

/** At most COMPACTED_MAX messages, oldest first. Contacts in the circle and own trust come before everything else. */
export function compacted({ userId, handle, edges, mints }: CompactedSource): readonly CompactedMessage[] {
  const me = { acct: userId, handle };
  const bonded = edges.filter(isBonded);
  const [circle, others] = [
    bonded.filter((edge) => trustGiven(edge) > 0),
    bonded.filter((edge) => trustGiven(edge) === 0),
  ];
  const latestMints = newestFirst(mints.map((mint) => mintOf(mint)));
  const accepts = (of: readonly EdgeWithName[]) => newestFirst(of.map((edge) => acceptOf(edge, me)));
  const wanted = [
    ...newestFirst(circle.map((edge) => trustOf(userId, edge.peerId, edge.trustOutNs, trustGiven(edge)))),
    ...accepts(circle),
    ...latestMints.slice(0, MINTS_LEAST),
    ...accepts(others),
    ...latestMints.slice(MINTS_LEAST),
    ...newestFirst(
      bonded
        .filter((edge) => trustReceived(edge) > 0)
        .map((edge) => trustOf(edge.peerId, userId, edge.trustInNs, trustReceived(edge))),
    ),
  ];
  return rising(wanted.slice(0, COMPACTED_MAX));
}

/** JSON of a body in ASCII: the reader decodes bytes as Latin-1. */
export function asciiJson(body: Readonly<Record<string, unknown>>): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(body).replace(/[\u007f-\uffff]/g, escaped);
}

function acceptOf(edge: EdgeWithName, me: { readonly acct: UserId; readonly handle: string }): CompactedMessage {
  const peer = { acct: edge.peerId, handle: handleOf(edge) };
  const [from, to] = edge.acceptOutNs >= edge.acceptInNs ? [me, peer] : [peer, me];
  return {
    kind: "contact",
    consensusNs: edge.acceptNs,
    body: { type: "CONTACT_ACCEPT", actor: from.acct, target: to.acct, from, to },
  };
}

function trustOf(actor: UserId, target: UserId, consensusNs: Edge["trustOutNs"], weight: number): CompactedMessage {
  return { kind: "trust", consensusNs, body: { type: "TRUST_ALLOCATE", actor, target, weight } };
}

function mintOf({ consensusNs, actor, target, words }: CompactedMint): CompactedMessage {
  return { kind: "recognition", consensusNs, body: { ...words, type: "RECOGNITION_MINT", actor, target } };
}

const newestFirst = (messages: readonly CompactedMessage[]) =>
  messages.toSorted((a, b) => (a.consensusNs < b.consensusNs ? 1 : a.consensusNs > b.consensusNs ? -1 : 0));

/** Oldest first. Messages of one time move apart by a nanosecond: a reader's cursor is a time. */
function rising(messages: readonly CompactedMessage[]): readonly CompactedMessage[] {
  let latestNs = -1n;
  return newestFirst(messages)
    .toReversed()
    .map((message) => {
      latestNs = message.consensusNs > latestNs ? message.consensusNs : latestNs + 1n;
      return { ...message, consensusNs: latestNs };
    });
}
