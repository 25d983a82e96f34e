/**
 * The account that an identity is bound to, from the messages of the identity topic. Pure. The order of the messages does not
 * matter, so a message that comes late changes the result as if it had come in time.
 *
 * Whoever may bind an identity can sign in as any account. So a message counts only if a trusted payer paid for it, its running hash
 * was verified, and it says when it was issued.
 */
import { type ConsensusNs, toMs } from "../ledger/consensus-time";
import { type AccountId, mayExist } from "../ledger/ids";
import { addressOfDid, type EvmAddress } from "../ledger/magic-token";
import { decodeMessage } from "./envelope";
import { isTrusted, type TrustedPayers } from "./interpret";
import type { Verification } from "./signal";

/** A stored message of the identity topic that names the identity. */
export interface IdentityMessage {
  /** The bytes of the signal. */
  readonly body: Uint8Array;
  readonly payer: AccountId | null;
  readonly consensusNs: ConsensusNs;
  readonly verification: Verification;
}

/** The result of all messages about an identity. */
export interface IdentityBinding {
  /** Null after an UNBIND: the identity speaks for no account any more, not even for the one that the ledger made from its key. */
  readonly accountId: AccountId | null;
  /** The consensus time of the message that says so. */
  readonly sinceNs: ConsensusNs;
}

/**
 * A message may say that it was issued at most this long after its consensus time, because a writer's clock may be ahead. A message
 * with a time far ahead would win against every later one.
 */
export const MAX_ISSUED_AHEAD_MS = 300_000;

/** At most this many messages of one identity are read, the newest by consensus time. */
export const MAX_IDENTITY_MESSAGES = 200;

/**
 * The binding of `issuer`; null if no message counts. The message that was issued last decides. Of two that were issued at the same
 * time, the one with the later consensus time does. `trusted` is the list that holds now: a payer who was taken off it does not count
 * any more. With `*` nobody counts, since then anybody could bind any identity.
 */
export function bindingOf(
  issuer: EvmAddress,
  messages: readonly IdentityMessage[],
  trusted: TrustedPayers,
): IdentityBinding | null {
  let last: Statement | null = null;
  for (const message of messages) {
    const statement = statementOf(message, issuer, trusted);
    if (statement !== null && (last === null || isLater(statement, last))) last = statement;
  }
  return last && { accountId: last.accountId, sinceNs: last.sinceNs };
}

interface Statement extends IdentityBinding {
  readonly issuedMs: number;
}

/** The content of a message about the identity; null if it does not count. */
function statementOf(message: IdentityMessage, issuer: EvmAddress, trusted: TrustedPayers): Statement | null {
  const { body, payer, consensusNs, verification } = message;
  if (verification !== "verified" || trusted === "*" || !isTrusted(payer, null, trusted)) return null;
  const decoded = decodeMessage(body);
  const identity = decoded.ok ? decoded.value.identity : undefined;
  if (identity === undefined || addressOfDid(identity.sub) !== issuer) return null;
  const { accountId, issuedMs } = identity;
  if (issuedMs === null || issuedMs > toMs(consensusNs) + MAX_ISSUED_AHEAD_MS) return null;
  if (accountId !== null && !mayExist(accountId)) return null;
  return { accountId, issuedMs, sinceNs: consensusNs };
}

const isLater = (a: Statement, b: Statement) =>
  a.issuedMs > b.issuedMs || (a.issuedMs === b.issuedMs && a.sinceNs > b.sinceNs);
