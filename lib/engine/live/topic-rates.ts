/** How many messages of each topic were committed in each of the last minutes, by whichever instance. */
import type { TopicId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";

const MINUTE_MS = 60_000;
export const RATE_MINUTES = 30;

interface Counted {
  cursor: number;
  /** By the number of the minute on the monotonic clock. */
  readonly minutes: Map<number, number>;
}

export class TopicRates {
  private readonly topics = new Map<TopicId, Counted>();

  constructor(private readonly clock: Clock) {}

  /**
   * A topic has come to `cursor`. `from`: where the commit began, where that is known; the first word of a topic without it only
   * tells where it stands. What was counted before, as when a commit of this process is heard of again, is not counted twice.
   */
  moved(topicId: TopicId, cursor: number, from: number | null = null): void {
    const known = this.topics.get(topicId);
    const counted = known ?? { cursor: from ?? cursor, minutes: new Map<number, number>() };
    if (!known) this.topics.set(topicId, counted);
    const added = cursor - Math.max(counted.cursor, from ?? 0);
    if (added <= 0) return;
    counted.cursor = cursor;
    const minute = this.minute();
    counted.minutes.set(minute, (counted.minutes.get(minute) ?? 0) + added);
    for (const old of counted.minutes.keys()) if (old <= minute - RATE_MINUTES) counted.minutes.delete(old);
  }

  /** Messages in each of the last 30 minutes, the current one last. */
  perMinute(topicId: TopicId): readonly number[] {
    const minutes = this.topics.get(topicId)?.minutes;
    const now = this.minute();
    return Array.from({ length: RATE_MINUTES }, (_, i) => minutes?.get(now - RATE_MINUTES + 1 + i) ?? 0);
  }

  private minute(): number {
    return Math.floor(this.clock.monotonicMs() / MINUTE_MS);
  }
}
