/**
 * Finds commits that other instances did not hear of, because the publisher died or could not reach them. Then every instance
 * loads its views again, which is expensive and rare. Otherwise a view could stay outdated for its whole time to live.
 */
import type { TopicId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import { ifDown } from "../../ports/tier-unavailable";

export interface MissedEventsDeps {
  readonly bus: Pick<EventBus, "lastPublished" | "publishMissed">;
  readonly clock: Clock;
  readonly log: Log;
}

/** An instance publishes milliseconds after it commits. Redis is asked again after these waits. Then the publisher has died. */
const LOOK_AGAIN_MS = [20, 80, 200, 700];

export class MissedEvents {
  /** Topics with commits that this instance could not publish, and the cursor that they led to; null if they moved none. */
  private readonly waiting = new Map<TopicId, number | null>();
  /** Topics whose cursor this process has loaded before. */
  private readonly met = new Set<TopicId>();

  constructor(private readonly deps: MissedEventsDeps) {}

  /** A commit could not be published. `cursor`: where it brought the topic; null for messages behind the cursor. */
  unpublished(topicId: TopicId, cursor: number | null): void {
    const known = this.waiting.get(topicId) ?? null;
    this.waiting.set(topicId, known === null || cursor === null ? (cursor ?? known) : Math.max(cursor, known));
  }

  /** Publishes what could not be published before. Call it when Redis answers. */
  async publishUnpublished(): Promise<void> {
    for (const [topicId, cursor] of [...this.waiting]) {
      const isPublished = await this.deps.bus.publishMissed(cursor === null ? null : { topicId, cursor }).then(
        () => true,
        ifDown("redis", () => false),
      );
      if (!isPublished) return;
      if (this.waiting.get(topicId) === cursor) this.waiting.delete(topicId);
      this.deps.log.info("commits had not been published; every view is loaded again", { topicId });
    }
  }

  /** The store is at `cursor`. When this resolves, every instance has heard of the commit that brought it there. */
  async check(topicId: TopicId, cursor: number): Promise<void> {
    const isFirst = !this.met.has(topicId);
    this.met.add(topicId);
    if (cursor === 0) return;
    await this.ensurePublished(topicId, cursor, isFirst).catch(
      ifDown("redis", () => this.unpublished(topicId, cursor)),
    );
  }

  private async ensurePublished(topicId: TopicId, cursor: number, isFirst: boolean): Promise<void> {
    const { bus, clock, log } = this.deps;
    if (await this.isPublished(topicId, cursor, isFirst)) return;
    for (const ms of LOOK_AGAIN_MS) {
      await clock.sleep(ms);
      if (await this.isPublished(topicId, cursor, isFirst)) return;
    }
    await bus.publishMissed({ topicId, cursor });
    log.info("an instance had committed without publishing it; every view is loaded again", { topicId });
  }

  private isPublished(topicId: TopicId, cursor: number, isFirst: boolean): Promise<boolean> {
    const { bus } = this.deps;
    // Without other instances, a cursor that is loaded a second time means that the answer to our own commit was lost.
    const isKnown = (published: number | null) => (published === null ? isFirst : published >= cursor);
    const publishHere = async () => {
      // The publisher could not reach this instance either. Its own streams and views must not wait for the end of the outage.
      await bus.publishMissed({ topicId, cursor });
      return true;
    };
    return bus.lastPublished(topicId).then(isKnown, ifDown("redis", publishHere));
  }
}
