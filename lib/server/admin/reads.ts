import "server-only";
/** Everything that the operators' page and the judgement of health ask of the database, however many look at them. */
import { MAX_GAPS } from "../../core/bounds";
import type { Sequence } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { AdminEntry, AdminStore, TopicOverview } from "../../ports/store/admin-store";
import type { SyncStore } from "../../ports/store/sync-store";
import { Remembered } from "./remembered";
import { CHECK_ACTIONS } from "./topic-checks";

/** Cursors and gaps move with every commit, and a page that polls should see them move. */
const TOPICS_MS = 2_000;
/** Sizes and samples are looked at by people, and the statements are larger. */
const STORAGE_MS = 60_000;
/** Who writes where changes slowly, and every row is looked at: 1,000,000 take PostgreSQL about half a second. */
const CROWDS_MS = 600_000;
const CROWD_ROWS_MAX = 2_000_000;
const GAPS_SHOWN = MAX_GAPS;
const FAILED_NAMED = 8;
const ODD_SHOWN = 20;
const ODD_BYTES = 200;

export interface KnownTopic extends TopicOverview {
  /** The oldest messages that do not match the hash chain. */
  readonly failedSequences: readonly Sequence[];
  /** The log's entry of the last pause; null where it is not paused, or has no such entry. */
  readonly pause: AdminEntry | null;
}

/** One statement; one more for each topic with failed messages, and one where any topic is paused. */
async function knownTopics(admin: AdminStore, sync: SyncStore): Promise<readonly KnownTopic[]> {
  const topics = await admin.topics(GAPS_SHOWN);
  const pauses = topics.some(({ paused }) => paused) ? await admin.latest(["topic.pause"]) : [];
  return Promise.all(
    topics.map(async (topic) => ({
      ...topic,
      failedSequences:
        topic.counts.failed === 0
          ? []
          : (await sync.failed(topic.topicId, FAILED_NAMED)).map(({ sequence }) => sequence),
      pause: topic.paused ? (pauses.find(({ target }) => target === topic.topicId) ?? null) : null,
    })),
  );
}

export function adminReads({ admin, sync }: { readonly admin: AdminStore; readonly sync: SyncStore }, clock: Clock) {
  const remember = <T>(read: () => Promise<T>, ttlMs: number) => new Remembered(read, ttlMs, clock);
  const sizes = remember(() => admin.sizes(), STORAGE_MS);
  return {
    topics: remember(() => knownTopics(admin, sync), TOPICS_MS),
    checks: remember(() => admin.latest(Object.values(CHECK_ACTIONS)), TOPICS_MS),
    firstUnverified: remember(() => admin.firstUnverified(), STORAGE_MS),
    sizes,
    crowds: remember(async () => {
      const relations = (await sizes.get())?.value.relations ?? [];
      const rows = relations
        .filter(({ partitionOf }) => partitionOf === "hcs_messages")
        .reduce((sum, each) => sum + each.rows, 0);
      return rows > CROWD_ROWS_MAX ? null : admin.crowds();
    }, CROWDS_MS),
    odd: remember(() => admin.odd(ODD_SHOWN, ODD_BYTES), STORAGE_MS),
  };
}

export type AdminReads = ReturnType<typeof adminReads>;
