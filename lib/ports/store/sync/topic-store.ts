/** The stored state of each topic. Failures of the database reject with `TierUnavailable`. */
import type { FollowedKind, TopicId } from "../../../core/ledger/ids";

export interface TopicState {
  readonly topicId: TopicId;
  readonly kinds: readonly FollowedKind[];
  /** Everything through this sequence is stored or inside a declared gap; 0 at the start. */
  readonly cursor: number;
  /** Running hash that the ledger claims at the cursor; null if it is unknown (at the start: GENESIS_HASH). */
  readonly headHash: Uint8Array | null;
  /** Consensus time of the last stored message; 0n before the first. */
  readonly headNs: bigint;
  readonly counts: TopicCounts;
  readonly paused: boolean;
  /** The last sequence that was folded again since another topic was started over; null if all of it is folded. */
  readonly projected: number | null;
  /** The topic was started over, and its stored rows are still being dropped. No message may be committed to it before that is done. */
  readonly isDropping: boolean;
  /** After a start over, the last sequence that was stored before, until the cursor reaches it again. Null otherwise. */
  readonly syncAgainThrough: number | null;
  /** The stored messages through this sequence were read by this version of the decoder, or by a later one. */
  readonly interpreted: number;
  /** All stored messages were read by that decoder, and the changes that followed are done. */
  readonly isReread: boolean;
  /** All topics are read once more afterwards, because any message may state again a fact that this decoder has removed. */
  readonly isReadTwice: boolean;
  /** Packing has looked at all messages through this sequence. */
  readonly packedThrough: number;
  readonly dropped: DroppedRange;
}

/** The dropped messages: those up to a sequence number, except the ones that are never packed (lib/core/signals/packable). */
export interface DroppedRange {
  /** 0: none were. */
  readonly through: number;
  /** The latest time of a dropped message. */
  readonly throughNs: bigint;
  /** The running hash of the message at `through`; null if it is not known. */
  readonly hash: Uint8Array | null;
}

export interface TopicCounts {
  readonly messages: number;
  readonly verified: number;
  readonly unverifiable: number;
  readonly failed: number;
  readonly undecodable: number;
  readonly untrusted: number;
  /** Their signature is not judged yet. */
  readonly unproven: number;
}

export interface TopicStore {
  topics(): Promise<readonly TopicState[]>;
  topic(topicId: TopicId): Promise<TopicState | null>;
  /** Pauses or resumes a topic. A paused topic takes no writes. False if the topic is not known. */
  setPaused(topicId: TopicId, paused: boolean): Promise<boolean>;
}
