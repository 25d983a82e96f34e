/**
 * The durable side of sync: cursors, raw log, gaps, and the one statement that commits a batch.
 *
 * Invariant: `commit` is a compare-and-swap of the topic cursor together with all that the batch means, in one SQL statement.
 * Either everything is written, exactly once, or nothing is (`conflict`). Failures of the database throw `TierUnavailable`.
 */

import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { Position, Sequence, TopicId, TopicKind, UserId } from "../../core/ledger/ids";
import type { Batch, Facts, LogEntry } from "../../core/signals/batch";

/**
 * The database cannot hold what the batch says (a value out of range, a constraint, a row that is too large). Asking again does
 * not help; a smaller batch may. Nothing of the batch was written.
 */
export class BatchRefused extends Error {
  override readonly name = "BatchRefused";
}

export interface TopicState {
  readonly topicId: TopicId;
  readonly kinds: readonly TopicKind[];
  /** Everything through this sequence is stored or inside a declared gap; 0 at the start. */
  readonly cursor: number;
  /** Running hash that the ledger claims at the cursor; null where it is unknown (start of a topic: GENESIS_HASH). */
  readonly headHash: Uint8Array | null;
  /** Consensus time of the last stored message; 0n before the first. */
  readonly headNs: bigint;
  /** As of the last commit; an idle topic moves on in the hot cache only. 0n for never. */
  readonly syncedThroughNs: bigint;
  readonly counts: TopicCounts;
  readonly paused: boolean;
  /** Through which sequence it was folded again since another topic was started over; null: all of it is folded. */
  readonly projected: number | null;
  /** It was started over, and what was stored of it is still being dropped: nothing may be read into it before that is done. */
  readonly isDropping: boolean;
}

export interface TopicCounts {
  readonly messages: number;
  readonly verified: number;
  readonly unverifiable: number;
  readonly failed: number;
  readonly undecodable: number;
  readonly untrusted: number;
}

/** `suspected`: seen, in its grace time. `declared`: the cursor has passed it. `filled`: found after all. */
export type GapState = "suspected" | "declared" | "filled";

export interface Gap {
  readonly topicId: TopicId;
  readonly from: Sequence;
  readonly to: Sequence;
  readonly state: GapState;
  readonly firstSeenMs: number;
}

export interface CommittedRow {
  readonly userId: UserId;
  readonly consensusNs: ConsensusNs;
  readonly position: Position;
}

/** Facts of the stored messages after `from` through `through`; `through` null: through the last. */
export interface Refolded {
  readonly topicId: TopicId;
  readonly from: number;
  readonly through: number | null;
  readonly facts: Facts;
}

/** `rows`: the positions that the batch's rows took. */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly rows: readonly CommittedRow[] }
  | { readonly kind: "conflict" };

export interface SyncStore {
  /** Adds topics that are new, and the kinds of known ones. Idempotent. */
  ensureTopics(topics: readonly { topicId: TopicId; kinds: readonly TopicKind[] }[]): Promise<void>;
  topics(): Promise<readonly TopicState[]>;
  topic(topicId: TopicId): Promise<TopicState | null>;

  /**
   * Advances the cursor from `batch.expectedCursor`; declares `batch.gap` in the same statement where there is one. Throws
   * `BatchRefused` where the database cannot hold the batch, as do `backfill` and `restore`.
   */
  commit(batch: Batch): Promise<CommitOutcome>;
  /**
   * Stores messages behind the cursor: found in a declared gap, or replacing log entries that had failed verification.
   * Swaps on the gap's state or on the entry's disposition, so it too takes effect once. The cursor stays.
   */
  backfill(batch: Batch): Promise<CommitOutcome>;

  /**
   * Writes messages at or behind the cursor as they are given, whatever is stored of them: entries and rows that are there keep
   * their place and position and are brought up to date, those that are missing are added. Counters stay right. Of several
   * who restore the same messages at once only one may; `conflict` where the topic is paused.
   */
  restore(batch: Batch): Promise<CommitOutcome>;
  /** Pauses a topic, to which nothing is written then, or resumes it. False where the topic is not known. */
  setPaused(topicId: TopicId, paused: boolean): Promise<boolean>;

  /**
   * Stored parts of the given groups, by rising sequence: what reassembly needs of earlier pages. Of each number in a group the
   * first part that did not fail, so at most MAX_CHUNKS entries a group, however often its parts were repeated.
   */
  parts(topicId: TopicId, chunkKeys: readonly string[]): Promise<readonly LogEntry[]>;
  /** The log of a range, by rising sequence. */
  log(topicId: TopicId, from: number, to: number): Promise<readonly LogEntry[]>;
  /** The oldest entries after `after` whose verification failed, at most `limit`. */
  failed(topicId: TopicId, limit: number, after?: number): Promise<readonly LogEntry[]>;

  gaps(topicId: TopicId): Promise<readonly Gap[]>;
  /** Remembers when a hole was first seen (kept if known), so that its grace time is shared by all instances. */
  suspectGap(topicId: TopicId, from: number, to: number, nowMs: number): Promise<Gap>;
  /** Forgets a suspicion that resolved itself. */
  clearSuspicion(topicId: TopicId): Promise<void>;

  /**
   * Starts a new epoch of positions, whose number is above `above`, and leaves everything else as it is: positions that were
   * given out before may be given out again for other rows. Idempotent while the store's epoch is above it. Returns the epoch.
   */
  newEpoch(above: number): Promise<number>;
  /**
   * Begins to drop what is stored of one topic (`TopicState.isDropping`), and starts a new epoch. Nothing happens where the topic
   * is not known, or is being dropped already.
   */
  startOver(topicId: TopicId): Promise<void>;
  /**
   * Drops the next part of a topic that is being dropped, about `most` rows with all that follows from them: any number may ask
   * at once, and go on where others have stopped. The last part starts another epoch; from then on the other topics are to be
   * folded again (`TopicState.projected`). Nothing happens where the topic is not being dropped.
   */
  dropSome(topicId: TopicId, most: number): Promise<void>;
  /** Folds stored messages of a topic again. False where it was not folded through `from` any more. */
  reproject(refolded: Refolded): Promise<boolean>;
  /** Drops everything derived and every cursor, and starts a new epoch: the ledger is pulled again from the start. Returns the epoch. */
  rebuild(): Promise<number>;
}
