/**
 * Packs older messages: what a topic has said in a range of sequence numbers leaves its rows for one compressed segment, and so do
 * the rows of people. Every reader gets the same before, meanwhile and afterwards. Failures of the database reject with
 * `TierUnavailable`.
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
   * The first range behind the cursor with messages that were not looked at yet. Null if none is left, or while the topic is paused,
   * dropped, folded or read again. One statement.
   */
  nextRange(topicId: TopicId): Promise<PackRange | null>;
  /**
   * Packs these messages of the range, and moves on to the next one. The others keep their rows. False if anything behind the cursor
   * has changed since the range was read: then nothing was done. One statement.
   */
  pack(range: PackRange, sequences: readonly Sequence[]): Promise<boolean>;
  /**
   * Packs the rows of some people for whom that is due: those of verified messages from before a time, if they fill a segment. If it
   * looked at nobody, nobody is left, or others hold those who are, or a topic is started over. One statement.
   */
  packRows(beforeNs: ConsensusNs, nowNs: ConsensusNs): Promise<RowsPacked>;
}
