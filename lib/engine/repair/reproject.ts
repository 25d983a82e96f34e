/**
 * Makes topics ready to be read after one of them was started over. Drops the stored rows of the topic that starts over, and
 * folds the stored messages of the others into contacts, profiles and definitions again. The store holds the progress, so any
 * instance goes on where another has stopped. Until it is done the topic has no watermark.
 */
import type { TopicId } from "../../core/ledger/ids";
import { projectStored } from "../../core/signals/interpret";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { SyncStore } from "../../ports/store/sync/sync-store";
import type { TopicState } from "../../ports/store/sync/topic-store";

interface ReprojectDeps {
  readonly store: Pick<SyncStore, "topic" | "log" | "reproject" | "dropSome">;
  readonly log: Log;
  readonly clock: Pick<Clock, "sleep">;
}

/** A commit is cheapest with this many messages. */
const RANGE = 500;
/**
 * Rows that are dropped in one step, which takes some 100 ms. Commits wait for it, and so does everything else if the database
 * runs in this process. Smaller steps take longer in all, since planning a step takes as long as its rows.
 */
const DROPPED_AT_ONCE = 5_000;
/** The pause between two steps. Without it, a database in this process would give nobody else a turn. */
const TURN_MS = 1;

/** The topic, once it can be read: nothing is left to drop, and everything of it is folded. Null if it is not known. */
export async function foldedTopic(deps: ReprojectDeps, topicId: TopicId): Promise<TopicState | null> {
  const { store, log, clock } = deps;
  for (let isFirst = true; ; isFirst = false) {
    const topic = await store.topic(topicId);
    if (topic?.isDropping) {
      if (isFirst) log.info("dropping the stored rows of a topic that starts over", { topicId });
      await store.dropSome(topicId, DROPPED_AT_ONCE);
      await clock.sleep(TURN_MS);
    } else if (!topic || topic.projected === null) return topic;
    else {
      if (isFirst)
        log.info("folding the messages of a topic again", { topicId, from: topic.projected, to: topic.cursor });
      await fold(deps, topicId, topic.projected, topic.cursor);
    }
  }
}

/** Folds until another instance is further, which the store's answer shows. */
async function fold({ store, clock }: ReprojectDeps, topicId: TopicId, after: number, cursor: number): Promise<void> {
  let from: number | null = after;
  let isOurs = true;
  while (from !== null && isOurs) {
    const last: number = from + RANGE;
    const entries = await store.log(topicId, from + 1, last);
    const through: number | null = last >= cursor ? null : last;
    isOurs = await store.reproject({ topicId, from, through, facts: projectStored(topicId, entries) });
    from = through;
    await clock.sleep(TURN_MS);
  }
}
