/** The state of a topic in the scheduler. */
import type { Reading, ReadTopic } from "../../core/shards/shards";
import type { SyncedTopic } from "../../core/sync/freshness";
import { encodeWatermark } from "../../core/sync/watermark";
import type { RoundTopic } from "../../ports/shared/hot-cache";
import type { TopicSync } from "./topic/topic-sync";
import type { WatermarkedTopic } from "./watermarks";

/** A topic that is read. */
export interface ScheduledTopic extends Omit<ReadTopic, "reading">, WatermarkedTopic {
  reading: Reading;
  readonly sync: TopicSync;
  /**
   * A run of this process has read the topic to its end. So the messages that the topic got before it was drained are stored, too.
   */
  hasCaughtUp: boolean;
  /** When a drained topic is looked at next. */
  dueMs: number;
  /** The theoretical arrival time of this instance's syncs of the topic (core/sync/sync-gate). Monotonic ms. */
  arrivalMs: number;
  /** When the oldest unmet demand came; null if every demand is met. */
  askedMs: number | null;
  /** The time since which the topic counts as behind. A sync that ends without meeting the demand may move it to an earlier time. */
  unmetMs: number;
  /** The topic's age when a demand was last met, or when a sync has ended since. */
  metLagMs: number;
}

/** The topic's entry in a round of demand. */
export const roundTopicOf = ({ topicId, syncedThroughNs: throughNs, generation }: ScheduledTopic): RoundTopic => ({
  topicId,
  watermark: encodeWatermark({ generation, throughNs }),
});

/** How far a topic is synced, at this time of the monotonic clock. */
export const syncedAt =
  (nowMs: number) =>
  ({ sync, syncedThroughNs, movedMs, hasCaughtUp }: ScheduledTopic): SyncedTopic => ({
    // A topic that was reset counts as never synced: another ledger says nothing about what is stored.
    syncedThroughNs: sync.isReset ? 0n : syncedThroughNs,
    hasCaughtUp: hasCaughtUp && !sync.isReset,
    unmovedMs: nowMs - movedMs,
  });
