/**
 * Drops packed messages that are older than operators want to keep, and the rows that people have of them. The ledger still has these
 * messages, and everything that was derived from them stays: contacts, trust, profiles, definitions, cursors and positions. Failures of
 * the database reject with `TierUnavailable`.
 */
import type { ConsensusNs } from "../../../core/ledger/consensus-time";
import type { TopicId } from "../../../core/ledger/ids";

/** The next packed messages of a topic that may be dropped, as they were when they were read. */
export interface DropRange {
  readonly topicId: TopicId;
  /** The last sequence number of the range. After the drop, no message up to it is packed. */
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
   * The oldest packed messages of a topic, all from before `beforeNs`. Null if there are none, while messages before them are still to
   * be packed, while this topic is paused or read again, and while any topic is started over or folded again. Never includes the message
   * at the cursor, where the topic is compared with the ledger, nor messages of a topic of identities.
   */
  nextDrop(topicId: TopicId, beforeNs: ConsensusNs): Promise<DropRange | null>;
  /**
   * Drops the packed messages of the range; other messages keep their rows. False, and nothing was done, if a stored message behind the
   * cursor has changed since the range was read. One statement.
   */
  drop(range: DropRange): Promise<boolean>;
  /**
   * Deletes the rows that the next people have of dropped messages. `people` is 0 if everybody was looked at since the last drop, or
   * while a topic is started over. One statement.
   */
  dropRows(nowNs: ConsensusNs): Promise<RowsDropped>;
}
