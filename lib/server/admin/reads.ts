import "server-only";
/** Database reads for the operators' pages and the health checks. They are cached, so more viewers cause no more reads. */
import { MAX_GAPS } from "../../core/bounds";
import { aheadOf } from "../../core/health/clock-skew";
import type { Sequence } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { AdminStore, OperatorLogRow, TopicOverview } from "../../ports/store/admin-store";
import type { MessageLog } from "../../ports/store/sync/message-log";
import { Remembered } from "./remembered";
import { CHECK_ACTIONS } from "./topic-checks";

/** Cursors and gaps change with every commit, and pages poll every three seconds. */
const TOPICS_MS = 2_000;
/** Sizes and samples change slowly, and reading them costs more. */
const STORAGE_MS = 60_000;
/** The statement reads every row: PostgreSQL takes about half a second for 1,000,000. */
const PEOPLE_MS = 600_000;
const PEOPLE_ROWS_MAX = 2_000_000;
const GAPS_SHOWN = MAX_GAPS;
/**
 * Packing is late once so many messages that it has not looked at are old. It passes up to 2,300 that cannot be packed
 * only together with later ones, so this is far above that.
 */
const LATE_MESSAGES = 10_000;
const FAILED_NAMED = 8;
const REJECTED_SHOWN = 20;
const REJECTED_BYTES = 200;

export interface KnownTopic extends TopicOverview {
  /** The oldest messages whose running hash did not match. */
  readonly failedSequences: readonly Sequence[];
  /** The operator log entry of the pause. Null if the topic is not paused, or nobody recorded the pause. */
  readonly pause: OperatorLogRow | null;
}

interface AdminReadsDeps {
  readonly admin: AdminStore;
  readonly sync: Pick<MessageLog, "failed">;
}

/** Adds what `topics` lacks: one statement for each topic with failed messages, and one if any topic is paused. */
async function knownTopics(
  { admin, sync }: AdminReadsDeps,
  topics: readonly TopicOverview[],
): Promise<readonly KnownTopic[]> {
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

/** The database reads of the operators' pages. Each is remembered for a while, and shared by all who ask. */
export function adminReads(deps: AdminReadsDeps, clock: Clock) {
  const { admin } = deps;
  let clockAheadMs: number | null = null;
  const remember = <T>(read: () => Promise<T>, ttlMs: number) => new Remembered(read, ttlMs, clock);
  const sizes = remember(() => admin.sizes(), STORAGE_MS);
  return {
    /** How far the database's clock was ahead of ours at the last read of the topics. Null before the first. */
    clockAheadMs: () => clockAheadMs,
    topics: remember(async () => {
      const beforeMs = clock.now();
      const topics = await admin.topics(GAPS_SHOWN, LATE_MESSAGES);
      const [first] = topics;
      if (first) clockAheadMs = aheadOf({ theirsMs: first.databaseMs, beforeMs, afterMs: clock.now() });
      return knownTopics(deps, topics);
    }, TOPICS_MS),
    checks: remember(() => admin.latest(Object.values(CHECK_ACTIONS)), TOPICS_MS),
    firstUnverified: remember(() => admin.firstUnverified(), STORAGE_MS),
    /** Takes long where a topic has millions of messages that are never packed. */
    droppedMessages: remember(() => admin.droppedMessages(), STORAGE_MS),
    sizes,
    peopleByTopic: remember(async () => {
      const relations = (await sizes.get())?.value.relations ?? [];
      const rows = relations
        .filter(({ partitionOf }) => partitionOf === "hcs_messages")
        .reduce((sum, each) => sum + each.rows, 0);
      return rows > PEOPLE_ROWS_MAX ? null : admin.peopleByTopic();
    }, PEOPLE_MS),
    rejected: remember(() => admin.rejected(REJECTED_SHOWN, REJECTED_BYTES), STORAGE_MS),
  };
}

export type AdminReads = ReturnType<typeof adminReads>;
