import "server-only";
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import type { SessionId, TopicId, UserId } from "../../core/ledger/ids";

/** Numbers on a page name messages for the person, or for one session of that person. */
export type Namer = SessionId | UserId;

/**
 * Sessions that have read a topic. A cursor in a browser may be that of another person, so the first read of a session begins at the
 * start, whatever its cursor. A session that was evicted here begins at the start once more.
 */
export class ReadersSeen {
  /** Each session reads about five topics. */
  private readonly seen = new LRUCache<Namer, Map<TopicId, Namer>>(atMostEntries(40_000));

  /** The session's namer for the topic; null before the session's first read of it in this process. */
  namerOf(session: Namer, topicId: TopicId): Namer | null {
    return this.seen.get(session)?.get(topicId) ?? null;
  }

  /** `topicId` must be a topic that this server follows, so that nobody fills the memory with names. */
  note(session: Namer, topicId: TopicId, namer: Namer): void {
    const known = this.seen.get(session);
    if (known === undefined) this.seen.set(session, new Map([[topicId, namer]]));
    else known.set(topicId, namer);
  }
}
