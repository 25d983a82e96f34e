import "server-only";
import { LRUCache } from "lru-cache";
import { keyOf } from "../../core/key";
import type { SessionId, TopicId, UserId } from "../../core/ledger/ids";

/**
 * Sessions that have read a topic. Cursors in a browser belong to whoever used it before, so the first read of a session begins at the
 * start, whatever cursor it names. A session that is forgotten reads its state once more.
 */
export class ReadersSeen {
  private readonly seen = new LRUCache<string, true>({ max: 200_000 });

  /** Whether this is the session's first read of the topic in this process. */
  isFirst(session: SessionId | UserId, topicId: TopicId): boolean {
    const key = keyOf(session, topicId);
    if (this.seen.get(key)) return false;
    this.seen.set(key, true);
    return true;
  }
}
