/** The state of a topic in the scheduler. */
import type { Reading, ReadTopic } from "../../core/shards/shards";
import type { SyncedTopic } from "../../core/sync/freshness";
import { packed } from "../../core/sync/watermark";
import type { RoundTopic } from "../../ports/shared/hot-cache";
import type { TopicSync } from "./topic/topic-sync";
import type { WatermarkedTopic } from "./watermarks";

/** A topic that is read. */
export interface KeptTopic extends Omit<ReadTopic, "reading">, WatermarkedTopic {
  reading: Reading;
  readonly sync: TopicSync;
  /**
   * A run of this process has met the topic's end. From then on messages from before a drain are part of everybody's history
   * too.
   */
  hasCaughtUp: boolean;
  /** When a drained topic is looked at next. */
  dueMs: number;
  /** Until when this instance's syncs of the topic are paid (core/sync/sync-gate). */
  paidMs: number;
  /** When the oldest unmet demand came; null if every demand is met. */
  askedMs: number | null;
  /** Since when that demand counts as unmet. A sync that ends without meeting it shows that the topic was behind before. */
  unmetMs: number;
  /** The topic's age when a demand was last met, or when a sync has ended since. */
  metLagMs: number;
}

/** The topic as a round of demand asks for it. */
export const asked = ({ topicId, syncedThroughNs: throughNs, generation }: KeptTopic): RoundTopic => ({
  topicId,
  watermark: packed({ generation, throughNs }),
});

/** How far a topic is synced, at this time of the monotonic clock. */
export const syncedAt =
  (nowMs: number) =>
  ({ sync, syncedThroughNs, movedMs, hasCaughtUp }: KeptTopic): SyncedTopic => ({
    // A topic that was reset counts as never synced: another ledger says nothing about what is stored.
    syncedThroughNs: sync.isReset ? 0n : syncedThroughNs,
    hasCaughtUp: hasCaughtUp && !sync.isReset,
    unmovedMs: nowMs - movedMs,
  });
