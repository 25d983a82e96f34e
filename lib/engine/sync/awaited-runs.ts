/**
 * Syncs topics for readers who wait for a message. All readers who wait for one topic share its next run, and runs that find
 * nothing follow each other ever more slowly. So requests to the mirror depend on topics and time, not on the number of readers.
 */
import type { Sequence, TopicId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { TopicSync } from "./topic/topic-sync";

/**
 * The pause between two runs for waiting readers: the first value, doubled after each run that found nothing, up to the second.
 */
const PAUSE_MS = { first: 200, most: 800 };
/** If nobody has waited for this long, the next reader is served at once. */
const FORGET_MS = 5_000;
/**
 * A topic that was read to its end does not get this many more messages within the three seconds that a read waits: the
 * busiest topics of a public network take some 100 a second.
 */
const SOON_MESSAGES = 1_000;
/** For this long, a run that met the topic's end shows which messages are out of reach. */
const END_KNOWN_MS = 3_000;

interface Runs {
  startedMs: number;
  /** Runs in a row that found nothing. */
  emptyRuns: number;
  /** The last run met the end of what the mirror had. */
  isAtEnd: boolean;
  next: Promise<void> | null;
}

export class AwaitedRuns {
  private readonly byTopic = new Map<TopicId, Runs>();

  constructor(private readonly clock: Clock) {}

  /** The next run of the topic, shared by all who wait for it. Resolves at its end; never rejects. */
  next(sync: TopicSync, untilMs: number): Promise<void> {
    const runs = this.of(sync.topicId);
    runs.next ??= this.run(sync, runs, untilMs).finally(() => {
      runs.next = null;
    });
    return runs.next;
  }

  /** Whether it is known that the ledger will not have this message while a reader waits for it. */
  isOutOfReach({ topicId, cursor }: TopicSync, sequence: Sequence): boolean {
    const runs = this.byTopic.get(topicId);
    if (runs === undefined || !runs.isAtEnd || cursor === null) return false;
    return this.clock.monotonicMs() - runs.startedMs <= END_KNOWN_MS && sequence > cursor + SOON_MESSAGES;
  }

  /** Resolves when the work is done or at the deadline, whichever comes first. */
  async orLater(work: Promise<unknown>, deadlineMs: number): Promise<void> {
    const done = new AbortController();
    try {
      await Promise.race([work, this.clock.sleep(deadlineMs - this.clock.monotonicMs(), done.signal)]);
    } finally {
      done.abort();
    }
  }

  private async run(sync: TopicSync, runs: Runs, untilMs: number): Promise<void> {
    const sinceRunMs = this.clock.monotonicMs() - runs.startedMs;
    if (sinceRunMs >= FORGET_MS) runs.emptyRuns = 0;
    const pauseMs = Math.min(PAUSE_MS.first * 2 ** runs.emptyRuns, PAUSE_MS.most);
    if (sinceRunMs < pauseMs) await this.clock.sleep(pauseMs - sinceRunMs);
    runs.startedMs = this.clock.monotonicMs();
    const { added, complete } = await sync.run(untilMs);
    runs.emptyRuns = added > 0 ? 0 : Math.min(runs.emptyRuns + 1, 8);
    runs.isAtEnd = complete;
  }

  private of(topicId: TopicId): Runs {
    const known = this.byTopic.get(topicId);
    if (known) return known;
    const runs: Runs = { startedMs: Number.NEGATIVE_INFINITY, emptyRuns: 0, isAtEnd: false, next: null };
    this.byTopic.set(topicId, runs);
    return runs;
  }
}
