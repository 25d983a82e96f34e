/** The stored messages of topics, as they came from the ledger. Failures of the database reject with `TierUnavailable`. */
import type { TopicId } from "../../../core/ledger/ids";
import type { LogEntry } from "../../../core/signals/batch";

export interface MessageLog {
  /** The messages of a range, by rising sequence. */
  log(topicId: TopicId, from: number, to: number): Promise<readonly LogEntry[]>;
  /**
   * Stored parts of the given chunk groups, by rising sequence, to complete messages that began on earlier pages. For each number
   * it is the first part that did not fail: at most MAX_CHUNKS entries a group, however often its parts were repeated.
   */
  parts(topicId: TopicId, chunkKeys: readonly string[]): Promise<readonly LogEntry[]>;
  /** The oldest failed messages after `after`, at most `limit`. */
  failed(topicId: TopicId, limit: number, after?: number): Promise<readonly LogEntry[]>;
  /** The same for messages that have failed or whose signature is not judged yet. */
  unsettled(topicId: TopicId, limit: number, after?: number): Promise<readonly LogEntry[]>;
}
