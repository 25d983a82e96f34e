/**
 * Walks a topic's messages along its hash chain. A message is `verified` if the hash that the ledger gives it follows from the
 * one before it. It is `failed` if the hash does not follow, or if the message cannot be taken as the mirror reports it. It is
 * `unverifiable` if there is nothing to compare.
 *
 * The chain proves the order, not the times: a message with the right hash is verified even if its time is not later than the
 * last one.
 */

import type { Verification } from "../signals/signal";
import { consensusNs } from "./consensus-time";
import type { AccountId } from "./ids";
import { type Defect, defectIn, type LedgerMessage } from "./message";
import {
  equalBytes,
  GENESIS_HASH,
  HASH_BYTES,
  type Link,
  nextRunningHash,
  RUNNING_HASH_VERSION,
  type Sha384,
} from "./running-hash";

/** `no-hash`, `no-payer`, `old-version` and `no-predecessor` leave a message unverifiable; the others mean that it failed. */
const REASONS = ["no-hash", "no-payer", "old-version", "no-predecessor", "hash-mismatch", "time-order"] as const;
type VerificationReason = (typeof REASONS)[number] | Defect;

/** Whether a reason belongs to a verdict. Stored messages also have reasons why they are not signals. */
export const isVerdictReason = (reason: string): reason is VerificationReason =>
  (REASONS as readonly string[]).includes(reason) || defectIn(reason) !== null;

/** The result of checking a message's running hash. The reason is null for a verified message. */
export interface Verdict {
  readonly verification: Verification;
  readonly reason: VerificationReason | null;
}

/** A ledger message that was checked against the one before it. */
export interface CheckedMessage extends LedgerMessage {
  readonly verdict: Verdict;
}

/** Where a chain stands: the hash claimed at `sequence`. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: Uint8Array | null;
  /** The latest time of a verified message; 0n before the first. */
  readonly consensusNs: bigint;
}

export const CHAIN_START: ChainHead = { sequence: 0, hash: GENESIS_HASH, consensusNs: 0n };

/** Version 3 replaced version 2 before August 2020; a month later no honest message has an older one. */
const VERSION_3_SINCE = consensusNs(BigInt(Date.UTC(2020, 8, 1)) * 1_000_000n);
/**
 * Transactions that follow from one user transaction have times around its own, nanoseconds to microseconds apart. A second is
 * far more.
 */
const TIME_SLACK_NS = 1_000_000_000n;

const failed = (reason: VerificationReason): Verdict => ({ verification: "failed", reason });

/**
 * The verdict on the message after `head`. After a failed message the chain goes on from the hash that the message claims, so one
 * wrong message does not fail those behind it.
 *
 * A message without a hash is unverifiable, even inside a chain, because importers leave hashes out. A message with a hash must
 * be of version 3 if the chain has a verified message, or if its time is after the change to version 3. Otherwise a forger could
 * choose a version that nobody checks.
 */
export function verifyNext(sha384: Sha384, head: ChainHead, message: LedgerMessage): Verdict {
  const { runningHash, runningHashVersion, payer } = message;
  if (message.defect) return failed(message.defect);
  // Without a hash to compare, the time is the only evidence.
  const isEarly = message.consensusNs < head.consensusNs - TIME_SLACK_NS;
  const unverifiable = (reason: VerificationReason): Verdict =>
    isEarly ? failed("time-order") : { verification: "unverifiable", reason };
  if (runningHash === null || runningHash.length === 0) return unverifiable("no-hash");
  if (runningHash.length !== HASH_BYTES) return failed("hash-mismatch");
  if (runningHashVersion !== RUNNING_HASH_VERSION) {
    const isInVersion3 = head.consensusNs > 0n || message.consensusNs >= VERSION_3_SINCE;
    return isInVersion3 ? failed("bad-version") : unverifiable("old-version");
  }
  if (payer === null) return unverifiable("no-payer");
  if (head.hash === null || head.hash.length !== HASH_BYTES || head.sequence !== message.sequence - 1) {
    return unverifiable("no-predecessor");
  }
  const expected = nextRunningHash(sha384, head.hash, linkOf(message, payer), message.message);
  return equalBytes(expected, runningHash) ? { verification: "verified", reason: null } : failed("hash-mismatch");
}

const linkOf = ({ topicId, sequence, consensusNs }: LedgerMessage, payer: AccountId): Link => ({
  topicId,
  payer,
  consensusNs,
  sequence,
});

/**
 * The head after a message was taken in, whatever its verdict. Only a verified time limits those that follow: a forged time in
 * the future would fail all of them.
 */
export function advance(head: ChainHead, message: LedgerMessage, { verification }: Verdict): ChainHead {
  const isLater = verification === "verified" && message.consensusNs > head.consensusNs;
  return {
    sequence: message.sequence,
    hash: message.runningHash,
    consensusNs: isLater ? message.consensusNs : head.consensusNs,
  };
}
