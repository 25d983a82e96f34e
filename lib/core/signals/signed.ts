/**
 * The signatures that people's own keys make over profiles and recognitions (docs/hedera.md §5). A message holds the members that were
 * signed, so the signed text can be written down again: JSON with sorted members. Whether the signature is right also takes the
 * account's key, which core does not have. Pure.
 */
import { type ConsensusNs, fromMs } from "../ledger/consensus-time";
import { type AccountId, parseAccountId } from "../ledger/ids";
import type { Fields } from "./forms/fields";
import { msOfIso } from "./forms/time";
import type { Author, DecodedBody, SignatureState } from "./signal";

/** A message that carries a signature of its actor. */
export interface SignedMessage {
  readonly actor: AccountId;
  /** The texts that the actor may have signed. One is enough: senders use several forms. Empty: the form names another account. */
  readonly texts: readonly string[];
  /** 64 bytes; null for text that cannot be a signature. */
  readonly signature: Uint8Array | null;
  /** When it was signed, in milliseconds since 1970; null if the message does not say. */
  readonly signedMs: number | null;
}

/**
 * A stranger may pay for a message of this age at the most. The signature covers no topic and no payer, so without a limit anybody
 * could put old messages on the ledger again for ever.
 */
const MAX_AGE_MS = 300_000;
/** The signer's clock may be ahead by this much. */
export const MAX_SIGNED_AHEAD_MS = 120_000;

/** Both kinds of signature are two numbers of 32 bytes. */
const SIGNATURE = /^(?:0x)?([0-9a-f]{128})$/i;

/**
 * The signed message in a decoded body. Null where there is no signature that could be checked: another type, no account as its
 * actor, or a signed member that is missing. Then the payer alone decides.
 */
export function signedIn({ type, actor, target, metadata }: DecodedBody): SignedMessage | null {
  const account = parseAccountId(actor ?? "");
  const { signature, timestamp } = metadata;
  if (account === null || typeof signature !== "string" || signature === "" || !isTime(timestamp)) return null;
  const texts = textsOf(type, account, target, metadata);
  if (texts === null) return null;
  const hex = SIGNATURE.exec(signature)?.[1];
  const ms = typeof timestamp === "number" ? timestamp : msOfIso(timestamp);
  return {
    ...{ actor: account, texts, signature: hex === undefined ? null : new Uint8Array(Buffer.from(hex, "hex")) },
    signedMs: ms !== null && Math.abs(ms) < MAX_MS ? ms : null,
  };
}

/** The last millisecond of a JavaScript date. */
const MAX_MS = 8.64e15;

const isTime = (value: unknown): value is number | string => typeof value === "number" || typeof value === "string";

function textsOf(type: string, actor: AccountId, target: string | null, metadata: Fields): readonly string[] | null {
  if (type === "PROFILE_UPDATE") return profileTexts(actor, metadata);
  return type === "RECOGNITION_MINT" ? mintTexts(actor, target, metadata) : null;
}

/** The profile page signs without a type; the onboarding signs with one. */
function profileTexts(actor: AccountId, { accountId, avatar, bio, displayName, timestamp }: Fields) {
  if (typeof accountId !== "string") return null;
  if (accountId !== actor) return [];
  const signed = { accountId, avatar, bio, displayName, timestamp };
  return [JSON.stringify(signed), JSON.stringify({ ...signed, type: "PROFILE_UPDATE" })];
}

/** A recognition without words of its own is signed with other words than it is written with. */
function mintTexts(fromAccountId: AccountId, toAccountId: string | null, fields: Fields) {
  const { message, timestamp, trustAmount } = fields;
  if (typeof message !== "string" || toAccountId === null) return null;
  const text = (words: string) =>
    JSON.stringify({ fromAccountId, message: words, metadata: {}, timestamp, toAccountId, trustAmount });
  return hasPlainWords(fields) ? [text(message), text(`Professional recognition: ${fields.name}`)] : [text(message)];
}

const hasPlainWords = ({ message, name }: Fields): boolean =>
  typeof name === "string" && message === `Recognition: ${name}`;

const NOBODY = { handle: null, hrl: null };

/** The part of a message that its signature covers. The rest may be anybody's words. */
export function signedPart({ type, actor, target, metadata }: DecodedBody): DecodedBody {
  const names =
    type === "PROFILE_UPDATE"
      ? ["accountId", "avatar", "bio", "displayName", "timestamp"]
      : ["message", "timestamp", "trustAmount", ...(hasPlainWords(metadata) ? ["name"] : [])];
  const members = names.flatMap((name) => (Object.hasOwn(metadata, name) ? [[name, metadata[name]] as const] : []));
  return { type, actor, target, metadata: Object.fromEntries(members), actorParty: NOBODY, targetParty: NOBODY };
}

/** The part of a stored message that counts: only the signed part if the signature is the only evidence of its author. */
export const countedPart = (decoded: DecodedBody, signature: SignatureState | null | undefined): DecodedBody =>
  signature === "alone" ? signedPart(decoded) : decoded;

/** Whether a message that only its signature speaks for came in time. */
export function isTimely(signedMs: number | null, consensusNs: ConsensusNs): boolean {
  if (signedMs === null) return false;
  const signedNs = fromMs(signedMs);
  return signedNs >= consensusNs - fromMs(MAX_AGE_MS) && signedNs <= consensusNs + fromMs(MAX_SIGNED_AHEAD_MS);
}

/**
 * The time by which versions of a message that only its signature speaks for are ordered: when it was signed. The same message later
 * has the same time, so it cannot take the place of a newer one.
 */
export function saidNs(signedMs: number | null, consensusNs: ConsensusNs): ConsensusNs {
  const signedNs = signedMs === null ? consensusNs : fromMs(signedMs);
  return signedNs < consensusNs ? signedNs : consensusNs;
}

/** The author of a stored message: its payer, its signature, or both. */
export const authorOf = (signature: SignatureState | null | undefined): Author =>
  signature === "alone" ? "signature" : signature === "both" ? "both" : "payer";
