import "server-only";
/** Looks up one stored message for operators, whatever became of it. */
import { formatConsensusTime } from "../../core/ledger/consensus-time";
import type { Sequence, TopicId } from "../../core/ledger/ids";
import { addressOfDid } from "../../core/ledger/magic-token";
import { GENESIS_HASH } from "../../core/ledger/running-hash";
import type { LogEntry } from "../../core/signals/batch";
import { decodeMessage } from "../../core/signals/envelope";
import { bindingOf } from "../../core/signals/identity-binding";
import type { DecodedBody, SignatureState, SignatureVerdict } from "../../core/signals/signal";
import { authorOf } from "../../core/signals/signed";
import { cleanText } from "../../core/signals/text";
import type { ProofRow } from "../../ports/store/view-rows";
import type { MessageLookup } from "../../wire/operators/lookup";
import type { App } from "../boot/app";

const CHARACTERS_SHOWN = 2_000;
/** Enough bytes for that many characters, so that a long message is not decoded as a whole. */
const BYTES_SHOWN = CHARACTERS_SHOWN * 4;

export interface FoundMessage {
  readonly content: Omit<MessageLookup, "proof">;
  readonly row: Omit<ProofRow, "topicId" | "sequence">;
}

/** Null if the message is not stored. One statement. Rejects with TierUnavailable (postgres). */
export async function messageLookup(app: App, topicId: TopicId, sequence: Sequence): Promise<FoundMessage | null> {
  const entries = await app.stores.sync.log(topicId, Math.max(1, sequence - 1), sequence);
  const entry = entries.find((each) => each.sequence === sequence);
  if (entry === undefined) return null;
  const before = entries.find((each) => each.sequence === sequence - 1);
  const whole = entry.body ?? entry.message;
  const decoded = entry.disposition === "part" ? null : decodeMessage(whole);
  const said = decoded?.ok ? decoded.value : null;
  const { consensusNs, payer, disposition, verification, reason, chunk } = entry;
  const content = {
    ...{ topicId, sequence, consensusTimestamp: formatConsensusTime(consensusNs), payer },
    isTrustedPayer: payer !== null && (app.trustedPayers === "*" || app.trustedPayers.has(payer)),
    bytes: whole.length,
    text: cleanText(new TextDecoder().decode(whole.subarray(0, BYTES_SHOWN)), CHARACTERS_SHOWN) ?? "",
    ...{ disposition, verification, reason },
    author: disposition === "signal" ? authorOf(entry.signature) : null,
    signature: verdictOf(entry.signature ?? null),
    chunk: chunk && { number: chunk.number, total: chunk.total },
    ...{ type: said?.type ?? null, actor: said?.actor ?? null, target: said?.target ?? null },
    identity: identityOf(app, topicId, entry, said),
    audience: audienceOf(entry, said),
  };
  const previousRunningHash = sequence === 1 ? GENESIS_HASH : (before?.runningHash ?? null);
  return { content, row: { ...entry, previousRunningHash } };
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

function audienceOf({ disposition }: LogEntry, said: DecodedBody | null): MessageLookup["audience"] {
  if (disposition !== "signal" || said === null || said.identity !== undefined) return "nobody";
  if (said.type === "RECOGNITION_DEFINITION") return "everybody";
  return said.type === "PROFILE_UPDATE" ? "contacts" : "people";
}
