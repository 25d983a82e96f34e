/**
 * Drops packed messages that are older than operators want to keep, and the rows that people have of them: the ledger has them. What
 * follows from them stays: contacts, trust, profiles, definitions, cursors and positions. Failures of the database reject with
 * `TierUnavailable`.
 */
import type { ConsensusNs } from "../../../core/ledger/consensus-time";
import type { TopicId } from "../../../core/ledger/ids";

/** The next packed messages of a topic that may be dropped, as they were when they were read. */
export interface DropRange {
  readonly topicId: TopicId;
  /** The last sequence number of the range. Nothing before it is packed any more afterwards. */
  readonly through: number;
  /** The latest time of its messages. */
  readonly throughNs: ConsensusNs;
  /** The running hash of its last message, from which the next one follows; null if it is not known. */
  readonly hash: Uint8Array | null;
  readonly messages: number;
  /** Changes with each change of stored messages behind the cursor. */
  readonly logVersion: number;
}

/** How many people were looked at, and how many of their rows were dropped. */
export interface RowsDropped {
  readonly people: number;
  readonly rows: number;
}

export interface DropStore {
  /** How long ago, in ms, a version that knows dropped messages first opened the database. */
  dropAgeMs(): Promise<number>;
  /**
   * The oldest packed messages of a topic, if all of them are from before a time. Null if there are none, while messages before them
   * are still to be packed, and while this topic is paused or read again, or any topic is dropped or folded again. The messages at the cursor
   * are never among them: the topic is compared with the ledger there. Nor are those of a topic of identities.
   */
  nextDrop(topicId: TopicId, beforeNs: ConsensusNs): Promise<DropRange | null>;
  /**
   * Drops these packed messages. What is not packed keeps its row. False if anything behind the cursor has changed since the range was
   * read: then nothing was done. One statement.
   */
  drop(range: DropRange): Promise<boolean>;
  /**
   * Drops rows of dropped messages, of the next people. If it looked at nobody, all were looked at since messages were dropped last, or
   * a topic is started over. One statement.
   */
  dropRows(nowNs: ConsensusNs): Promise<RowsDropped>;
}
