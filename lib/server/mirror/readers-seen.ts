import "server-only";
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import type { SessionId, TopicId, UserId } from "../../core/ledger/ids";

/** The session that reads, or its user for a caller without a session's cookie. */
export type Reader = SessionId | UserId;

/** The id from which the numbers of a page's messages are derived: the person's, or that of one reader. */
export type NumberSeed = SessionId | UserId;

/**
 * Sessions that have read a topic. A cursor in a browser may be that of another person, so the first read of a session begins
 * at the start, whatever its cursor. A session that was evicted here begins at the start once more.
 */
export class ReadersSeen {
  /** Each session reads about five topics. */
  private readonly seen = new LRUCache<Reader, Map<TopicId, NumberSeed>>(atMostEntries(40_000));

  /** The seed of the reader's numbers in the topic; null before the reader's first read of it in this process. */
  seedOf(reader: Reader, topicId: TopicId): NumberSeed | null {
    return this.seen.get(reader)?.get(topicId) ?? null;
  }

  /** `topicId` must be a topic that this server follows, so that nobody fills the memory with names. */
  note(reader: Reader, topicId: TopicId, seed: NumberSeed): void {
    const known = this.seen.get(reader);
    if (known === undefined) this.seen.set(reader, new Map([[topicId, seed]]));
    else known.set(topicId, seed);
  }
}
