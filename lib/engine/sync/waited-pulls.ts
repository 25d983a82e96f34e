/**
 * Pulls of topics for readers who wait for a message. All readers who wait for one topic share its next pull, and pulls that
 * find nothing follow each other ever more slowly. So requests to the mirror depend on topics and time, not on the number of
 * readers.
 */
import type { Sequence, TopicId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { TopicSync } from "./topic-sync";

/**
 * The pause between two pulls for waiting readers: the first value, doubled after each pull that found nothing, up to the
 * second.
 */
const PAUSE_MS = { first: 200, most: 800 };
/** If nobody has waited for this long, the next reader is served at once. */
const FORGET_MS = 5_000;
/**
 * A topic that was read to its end does not get this many more messages within the three seconds that a read waits: the
 * busiest topics of a public network take some 100 a second.
 */
const SOON_MESSAGES = 1_000;
/** A pull that came to the topic's end tells for this long what is out of reach. */
const END_KNOWN_MS = 3_000;

interface Pulls {
  startedMs: number;
  /** Pulls in a row that found nothing. */
  vain: number;
  /** The last pull came to the end of what the mirror had. */
  isAtEnd: boolean;
  next: Promise<void> | null;
}

export class WaitedPulls {
  private readonly byTopic = new Map<TopicId, Pulls>();

  constructor(private readonly clock: Clock) {}

  /** The next pull of the topic, shared by all who wait for it. Resolves at its end; never rejects. */
  next(sync: TopicSync, untilMs: number): Promise<void> {
    const pulls = this.of(sync.topicId);
    pulls.next ??= this.pull(sync, pulls, untilMs).finally(() => {
      pulls.next = null;
    });
    return pulls.next;
  }

  /** Whether it is known that the ledger will not have this message while a reader waits for it. */
  isOutOfReach({ topicId, cursor }: TopicSync, sequence: Sequence): boolean {
    const pulls = this.byTopic.get(topicId);
    if (pulls === undefined || !pulls.isAtEnd || cursor === null) return false;
    return this.clock.monotonicMs() - pulls.startedMs <= END_KNOWN_MS && sequence > cursor + SOON_MESSAGES;
  }

  private async pull(sync: TopicSync, pulls: Pulls, untilMs: number): Promise<void> {
    const idleMs = this.clock.monotonicMs() - pulls.startedMs;
    if (idleMs >= FORGET_MS) pulls.vain = 0;
    const pauseMs = Math.min(PAUSE_MS.first * 2 ** pulls.vain, PAUSE_MS.most);
    if (idleMs < pauseMs) await this.clock.sleep(pauseMs - idleMs);
    pulls.startedMs = this.clock.monotonicMs();
    const { added, complete } = await sync.run(untilMs);
    pulls.vain = added > 0 ? 0 : Math.min(pulls.vain + 1, 8);
    pulls.isAtEnd = complete;
  }

  private of(topicId: TopicId): Pulls {
    const known = this.byTopic.get(topicId);
    if (known) return known;
    const pulls: Pulls = { startedMs: Number.NEGATIVE_INFINITY, vain: 0, isAtEnd: false, next: null };
    this.byTopic.set(topicId, pulls);
    return pulls;
  }
}
