import "server-only";
/** Looks up one stored message for operators, whatever became of it. */
import { formatConsensusTime } from "../../core/ledger/consensus-time";
import type { Sequence, TopicId } from "../../core/ledger/ids";
import { addressOfDid } from "../../core/ledger/magic-token";
import type { LogEntry } from "../../core/signals/batch";
import { decodeSignals } from "../../core/signals/envelope";
import { bindingOf } from "../../core/signals/identity-binding";
import type { DecodedBody, SignatureState, SignatureVerdict } from "../../core/signals/signal";
import { isBatch, signalsIn } from "../../core/signals/signal-batch";
import { authorOf } from "../../core/signals/signed";
import { headAt } from "../../engine/repair/head-at";
import type { ProofRow } from "../../ports/store/view-rows";
import type { MessageLookup } from "../../wire/operators/lookup";
import type { App } from "../boot/app";
import { excerptOf } from "./excerpt";

const CHARACTERS_SHOWN = 2_000;
/** Enough bytes for that many characters, so that a long message is not decoded as a whole. */
const BYTES_SHOWN = CHARACTERS_SHOWN * 4;

export interface FoundMessage {
  readonly content: Omit<MessageLookup, "proof">;
  readonly row: Omit<ProofRow, "topicId" | "sequence">;
}

/**
 * Null if the message is not stored. Takes one statement, or three if the message before it is not stored. Rejects with TierUnavailable
 * (postgres).
 */
export async function messageLookup(app: App, topicId: TopicId, sequence: Sequence): Promise<FoundMessage | null> {
  const entries = await app.stores.sync.log(topicId, Math.max(1, sequence - 1), sequence);
  const entry = entries.find((each) => each.sequence === sequence);
  if (entry === undefined) return null;
  const whole = entry.body ?? entry.message;
  const decoded = entry.disposition === "part" ? null : decodeSignals(whole);
  const signals = decoded?.ok ? decoded.value : [];
  const said = isBatch(whole) ? null : (signals[0] ?? null);
  const { consensusNs, payer, disposition, verification, reason, chunk } = entry;
  const content = {
    ...{ topicId, sequence, consensusTimestamp: formatConsensusTime(consensusNs), payer },
    isTrustedPayer: payer !== null && (app.trustedPayers === "*" || app.trustedPayers.has(payer)),
    bytes: whole.length,
    text: textOf(whole),
    ...{ disposition, verification, reason },
    author: disposition === "signal" ? authorOf(entry.signature) : null,
    signature: verdictOf(entry.signature ?? null),
    chunk: chunk && { number: chunk.number, total: chunk.total },
    batch: isBatch(whole) && decoded?.ok ? signals.map(({ type, actor, target }) => ({ type, actor, target })) : null,
    ...{ type: said?.type ?? null, actor: said?.actor ?? null, target: said?.target ?? null },
    identity: identityOf(app, topicId, entry, said),
    audience: audienceOf(entry, signals),
  };
  const before = entries.find((each) => each.sequence === sequence - 1);
  const { hash } =
    before === undefined ? await headAt(app.stores.sync, topicId, sequence - 1) : { hash: before.runningHash };
  return { content, row: { ...entry, previousRunningHash: hash } };
}

function textOf(message: Uint8Array): string {
  const signals = signalsIn(message);
  const texts = signals.map((signal) => new TextDecoder().decode(signal.subarray(0, BYTES_SHOWN)));
  const isWhole = signals.every(({ length }) => length <= BYTES_SHOWN);
  return excerptOf(texts.join(" "), CHARACTERS_SHOWN, isWhole);
}

const verdictOf = (state: SignatureState | null): SignatureVerdict | null =>
  state === "alone" || state === "both" ? "right" : state;

function identityOf(app: App, topicId: TopicId, entry: LogEntry, said: DecodedBody | null): MessageLookup["identity"] {
  if (said?.identity === undefined) return null;
  const { sub: did, accountId } = said.identity;
  const issuer = addressOfDid(did);
  const message = { ...entry, body: entry.body ?? entry.message };
  const counts =
    app.identities.topicId === topicId && issuer !== null && bindingOf(issuer, [message], app.trustedPayers) !== null;
  return { did, accountId, counts };
}

const AUDIENCES = ["nobody", "people", "contacts", "everybody"] as const satisfies readonly MessageLookup["audience"][];

/** The largest audience of its signals. */
function audienceOf({ disposition }: LogEntry, signals: readonly DecodedBody[]): MessageLookup["audience"] {
  if (disposition !== "signal") return "nobody";
  const told = new Set(signals.map(audienceOfSignal));
  return AUDIENCES.findLast((audience) => told.has(audience)) ?? "nobody";
}

function audienceOfSignal({ type, identity }: DecodedBody): MessageLookup["audience"] {
  if (identity !== undefined) return "nobody";
  if (type === "RECOGNITION_DEFINITION") return "everybody";
  return type === "PROFILE_UPDATE" ? "contacts" : "people";
}
