/**
 * The watermark of each topic: the consensus time through which everything of it is stored. This file advances it, learns it
 * from other instances, and takes it back when a message shows that it was wrong.
 */
import { type ConsensusNs, fromMs } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import type { Watermark } from "../../core/sync/watermark";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { Incidents } from "../health/incidents";
import { ReplicaMargin } from "./replica-margin";
import type { Synced } from "./topic/topic-sync";

/** The watermark of one topic. */
export interface WatermarkedTopic {
  /** No message of the topic is expected before this time. */
  readonly startsNs: bigint;
  /** Everything through this consensus time is stored; 0n for unknown. */
  syncedThroughNs: bigint;
  /** How often the watermark was taken back. */
  generation: number;
  /** When the watermark last moved on, on the monotonic clock. */
  movedMs: number;
}

export class Watermarks {
  private readonly margin: ReplicaMargin;

  constructor(
    private readonly deps: { readonly clock: Clock; readonly incidents: Incidents; readonly log: Log },
    private readonly topics: ReadonlyMap<TopicId, WatermarkedTopic>,
  ) {
    this.margin = new ReplicaMargin(deps);
  }

  /** The watermark; 0n if it is only the time of the topic's start. */
  watermarkNs(topicId: TopicId): bigint {
    const topic = this.topics.get(topicId);
    return topic && topic.syncedThroughNs > topic.startsNs ? topic.syncedThroughNs : 0n;
  }

  /** A run has met the topic's end. */
  synced(topic: WatermarkedTopic, { headNs, chainNs }: Synced): void {
    // An empty page is only the claim of one replica, so the margin is subtracted from the head. The hash chain is proof, but a
    // message later than the head does not count.
    const provenNs = headNs !== null && headNs < chainNs ? headNs : chainNs;
    const untilNs = headNs === null ? 0n : headNs - fromMs(Math.ceil(this.margin.nowMs()));
    this.advance(topic, untilNs > provenNs ? untilNs : provenNs);
  }

  /**
   * Learns the watermark of another instance, which may be old. `sharedMs`: the time by the clock of Redis, so that the age is right
   * even if this process's clock is behind; null if it is not known.
   */
  learn(topic: WatermarkedTopic, { generation, throughNs }: Watermark, sharedMs: number | null): void {
    const ageMs = sharedMs === null ? 0 : Math.max(0, sharedMs - Number(throughNs / 1_000_000n));
    if (generation === topic.generation) this.advance(topic, throughNs, ageMs);
    if (generation <= topic.generation) return;
    // The other instance has seen that the replicas are apart.
    if (topic.syncedThroughNs > throughNs) this.margin.learn(msBetween(throughNs, topic.syncedThroughNs));
    topic.generation = generation;
    topic.syncedThroughNs = throughNs > topic.startsNs ? throughNs : topic.startsNs;
  }

  /** A message came that is older than the watermark. No watermark later than the message holds any more, for any topic. */
  takeBack(topicId: TopicId, messageNs: ConsensusNs, watermarkNs: bigint): void {
    this.margin.learn(msBetween(messageNs, watermarkNs));
    this.deps.log.info("a message older than the watermark came; the watermark is taken back", { topicId });
    for (const topic of this.topics.values()) {
      const throughNs = messageNs - 1n > topic.startsNs ? messageNs - 1n : topic.startsNs;
      if (topic.syncedThroughNs <= throughNs) continue;
      topic.generation += 1;
      topic.syncedThroughNs = throughNs;
    }
  }

  private advance(topic: WatermarkedTopic, throughNs: bigint, ageMs = 0): void {
    if (throughNs <= topic.syncedThroughNs) return;
    topic.syncedThroughNs = throughNs;
    topic.movedMs = this.deps.clock.monotonicMs() - ageMs;
  }
}

const msBetween = (fromNs: bigint, toNs: bigint) => Number((toNs - fromNs) / 1_000_000n);
