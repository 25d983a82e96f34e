import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";

/** One transaction carries at most this much of a message (docs/hedera.md §3). */
export const MAX_CHUNK_BYTES = 1024;

/** A transaction's id. `validStartNs`: from when on the network takes it. */
export interface TransactionId {
  readonly accountId: AccountId;
  readonly validStartNs: ConsensusNs;
  readonly nonce: number;
  readonly scheduled: boolean;
}

/** The place of a chunk in its message, with the first chunk's transaction in full. */
export interface DevnetChunkInfo {
  readonly initialTransactionId: TransactionId;
  readonly number: number;
  readonly total: number;
}

/** A message as consensus has decided it. It never changes afterwards. */
export interface DevnetMessage {
  readonly topicId: TopicId;
  readonly sequence: number;
  readonly consensusNs: ConsensusNs;
  readonly payer: AccountId;
  readonly bytes: Uint8Array;
  /** Null only in recordings, which may lack it. */
  readonly runningHash: Uint8Array | null;
  readonly runningHashVersion: number | null;
  readonly chunk: DevnetChunkInfo | null;
  /** A recorded message's own JSON, served as it is. */
  readonly recordedJson?: string;
}

/** A topic with all its messages. */
export interface Topic {
  readonly id: TopicId;
  readonly memo: string;
  readonly createdNs: ConsensusNs;
  /** Protobuf-encoded key that must sign messages; null lets anybody submit. */
  readonly submitKey: Uint8Array | null;
  readonly adminKey: Uint8Array | null;
  /** A recording takes no new messages. */
  readonly recorded: boolean;
  /** By sequence number, and so by consensus time. */
  readonly messages: DevnetMessage[];
}

/** An account as it was from `createdNs` or `changedNs` on. */
export interface Account {
  readonly id: AccountId;
  /** Protobuf-encoded key; empty for an account that has none yet. */
  readonly key: Uint8Array;
  readonly isDeleted?: boolean;
  /** The Ethereum address that the account was made from, `0x` in lower case; absent for an account with its number alone. */
  readonly evmAddress?: string;
  readonly createdNs: ConsensusNs;
  /** Since when it has this key; absent for one that was never changed. */
  readonly changedNs?: ConsensusNs;
  readonly memo: string;
}

/** `0.0.2@1700000000.000000001`, the SDK's spelling, with `?scheduled` and `/nonce` where they apply. */
export function transactionKey(id: TransactionId): string {
  const seconds = id.validStartNs / 1_000_000_000n;
  const nanos = (id.validStartNs % 1_000_000_000n).toString().padStart(9, "0");
  return `${id.accountId}@${seconds}.${nanos}${id.scheduled ? "?scheduled" : ""}${id.nonce ? `/${id.nonce}` : ""}`;
}
