/**
 * Packs older messages: moves the messages of a range of sequence numbers from rows into one compressed segment, and likewise the rows
 * of people. Readers see no difference at any time. Failures of the database reject with `TierUnavailable`.
 */
import type { ConsensusNs } from "../../../core/ledger/consensus-time";
import type { Sequence, TopicId } from "../../../core/ledger/ids";
import type { LogEntry } from "../../../core/signals/batch";

/** The next range of a topic that may be packed, as it was when it was read. */
export interface PackRange {
  readonly topicId: TopicId;
  /** The range: the sequence numbers after `from` through `through`. */
  readonly from: number;
  readonly through: number;
  /** The messages of the range that are not packed yet, by rising sequence. */
  readonly entries: readonly LogEntry[];
  /** Those that are packed already. */
  readonly packed: readonly LogEntry[];
  /** Changes with each change of stored messages behind the cursor. */
  readonly logVersion: number;
}

/** How many people were looked at, and how many of their rows were packed. */
export interface RowsPacked {
  readonly people: number;
  readonly rows: number;
}

export interface PackStore {
  /** How long ago, in ms, a version that reads packed messages first opened the database. */
  packAgeMs(): Promise<number>;
  /**
   * The first range behind the cursor with messages at which packing has not looked. Null if none is left, and while the topic is paused,
   * started over, folded again or read again. One statement.
   */
  nextRange(topicId: TopicId): Promise<PackRange | null>;
  /**
   * Packs these messages of the range, and moves on to the next range. Its other messages keep their rows. False, and nothing was done,
   * if a stored message behind the cursor has changed since the range was read. One statement.
   */
  pack(range: PackRange, sequences: readonly Sequence[]): Promise<boolean>;
  /**
   * Packs rows of the next people for whom that is due: rows of verified messages from before `beforeNs`, if they fill a segment.
   * `people` is 0 if nobody is left, if other instances are packing for the rest, or while a topic is started over. One statement.
   */
  packRows(beforeNs: ConsensusNs, nowNs: ConsensusNs): Promise<RowsPacked>;
}
