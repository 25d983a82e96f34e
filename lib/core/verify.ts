/**
 * Walks a topic's messages along its hash chain. A message is `verified` when the hash that the ledger gives it follows from
 * the one before it, `failed` when it does not, and `unverifiable` when there is nothing to compare (hedera.md §4).
 */
import type { ConsensusNs } from "./consensus-time";
import type { AccountId, TopicId } from "./ids";
import {
  equalBytes,
  GENESIS_HASH,
  HASH_BYTES,
  nextRunningHash,
  RUNNING_HASH_VERSION,
  type Sha384,
} from "./running-hash";
import type { Verification } from "./signal";

/** `no-hash`, `old-version` and `no-predecessor` leave a message unverifiable; the others mean that it failed. */
export type VerificationReason = "no-hash" | "old-version" | "no-predecessor" | "hash-mismatch" | "time-order";

export interface Verdict {
  readonly verification: Verification;
  readonly reason: VerificationReason | null;
}

export interface ChainMessage {
  readonly topicId: TopicId;
  readonly sequence: number;
  readonly consensusNs: ConsensusNs;
  readonly payer: AccountId;
  readonly message: Uint8Array;
  readonly runningHash: Uint8Array | null;
  readonly runningHashVersion: number | null;
}

/** Where a chain stands: the hash and time claimed at `sequence`. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: Uint8Array | null;
  /** 0n before the first message. */
  readonly consensusNs: bigint;
}

export const CHAIN_START: ChainHead = { sequence: 0, hash: GENESIS_HASH, consensusNs: 0n };

/** The verdict on the message after `head`. The claimed hash carries the chain on even past a failed message: only that one is wrong. */
export function verifyNext(sha384: Sha384, head: ChainHead, message: ChainMessage): Verdict {
  const { runningHash, runningHashVersion } = message;
  if (message.consensusNs <= head.consensusNs) return { verification: "failed", reason: "time-order" };
  if (runningHash === null) return { verification: "unverifiable", reason: "no-hash" };
  if (runningHashVersion !== RUNNING_HASH_VERSION) return { verification: "unverifiable", reason: "old-version" };
  if (head.hash === null || head.hash.length !== HASH_BYTES || head.sequence !== message.sequence - 1) {
    return { verification: "unverifiable", reason: "no-predecessor" };
  }
  const expected = nextRunningHash(sha384, head.hash, message, message.message);
  return equalBytes(expected, runningHash)
    ? { verification: "verified", reason: null }
    : { verification: "failed", reason: "hash-mismatch" };
}

/**
 * The head after a message has been taken in, whatever its verdict. Only a verified time is held against what follows: one that
 * is forged to lie in the future would fail all the rest.
 */
export function advance(head: ChainHead, message: ChainMessage, { verification }: Verdict): ChainHead {
  const isLater = verification === "verified" && message.consensusNs > head.consensusNs;
  return {
    sequence: message.sequence,
    hash: message.runningHash,
    consensusNs: isLater ? message.consensusNs : head.consensusNs,
  };
}
