/** Counts the messages of each topic that all instances together committed in each of the last minutes. */
import type { TopicId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { CursorMove } from "../../ports/shared/event-bus";

const MINUTE_MS = 60_000;
/** The counts go back this many minutes. */
export const RATE_MINUTES = 30;

interface Counted {
  cursor: number;
  /** Keys are minutes of the monotonic clock. */
  readonly minutes: Map<number, number>;
}

export class TopicRates {
  private readonly topics = new Map<TopicId, Counted>();

  constructor(private readonly clock: Clock) {}

  /**
   * Counts a commit that moved the topic's cursor. Commits of which this process did not hear count with the next one. The first
   * commit of which it hears counts from where that commit began, or not at all if that is unknown.
   */
  moved(topicId: TopicId, { from, to }: CursorMove): void {
    const counted = this.topics.get(topicId) ?? { cursor: from ?? to, minutes: new Map<number, number>() };
    this.topics.set(topicId, counted);
    const added = to - counted.cursor;
    if (added <= 0) return;
    counted.cursor = to;
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
