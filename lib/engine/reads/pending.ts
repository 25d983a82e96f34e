/** Signals that were submitted here and not yet read back from the ledger. They show at once, until the topic's cursor has passed them. */
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import type { TopicId, UserId } from "../../core/ledger/ids";
import type { Author, DecodedBody } from "../../core/signals/signal";
import type { Clock } from "../../ports/clock";
import type { Submitted } from "../../ports/ledger/submitter";

/** A signal on its way, with its place on the ledger. */
export interface PendingSignal extends Submitted {
  readonly submittedMs: number;
  readonly decoded: DecodedBody;
  /** The evidence that it is its actor's, as the log will have it. */
  readonly author: Author;
}

/** A mirror lags 5 to 20 s on a bad day (docs/hedera.md §1). After this the submitter had a fair chance to see the signal. */
const FORGET_AFTER_MS = 10 * 60_000;
const MAX_USERS = 50_000;

interface Waiting extends PendingSignal {
  readonly sinceMonotonicMs: number;
}

export class PendingSignals {
  private readonly users = new LRUCache<UserId, readonly Waiting[]>(atMostEntries(MAX_USERS));

  constructor(
    private readonly clock: Clock,
    /** The topic's cursor here; null if it is not known. */
    private readonly cursorOf: (topicId: TopicId) => number | null,
  ) {}

  /** How many people have a signal on its way, or had one a moment ago. */
  get userCount(): number {
    return this.users.size;
  }

  add(userId: UserId, signal: PendingSignal): void {
    this.users.set(userId, [{ ...signal, sinceMonotonicMs: this.clock.monotonicMs() }, ...this.of(userId)]);
  }

  /** Newest first. */
  of(userId: UserId): readonly Waiting[] {
    const known = this.users.get(userId);
    if (!known) return [];
    const oldestMs = this.clock.monotonicMs() - FORGET_AFTER_MS;
    const waiting = known.filter(
      (signal) => signal.sinceMonotonicMs > oldestMs && (this.cursorOf(signal.topicId) ?? 0) < signal.sequence,
    );
    if (waiting.length === 0) this.users.delete(userId);
    else if (waiting.length < known.length) this.users.set(userId, waiting);
    return waiting;
  }
}
