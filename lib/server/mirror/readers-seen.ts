import "server-only";
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import { keyOf } from "../../core/key";
import type { SessionId, TopicId, UserId } from "../../core/ledger/ids";

/** Numbers on a page name messages for the person, or for one session of that person. */
export type Namer = SessionId | UserId;

/**
 * Sessions that have read a topic. Cursors in a browser belong to whoever used it before, so the first read of a session begins at the
 * start, whatever cursor it names. A session that is forgotten reads its state once more.
 */
export class ReadersSeen {
  private readonly seen = new LRUCache<string, Namer>(atMostEntries(200_000));

  /** The session's namer for the topic; null before the session's first read of it in this process. */
  namerOf(session: Namer, topicId: TopicId): Namer | null {
    return this.seen.get(keyOf(session, topicId)) ?? null;
  }

  note(session: Namer, topicId: TopicId, namer: Namer): void {
    this.seen.set(keyOf(session, topicId), namer);
  }
}
