/**
 * Folds what is stored of a topic into contacts, profiles and definitions again, after another topic was started over. How far it
 * is stands in the store: any instance goes on where another has stopped, and none vouches for the topic before it is done.
 */
import type { TopicId } from "../../core/ledger/ids";
import { projectStored } from "../../core/signals/interpret";
import type { Log } from "../../ports/log";
import type { SyncStore, TopicState } from "../../ports/store/sync-store";

interface ReprojectDeps {
  readonly store: Pick<SyncStore, "topic" | "log" | "reproject">;
  readonly log: Log;
}

/** As many messages as a commit writes at once where it is cheapest. */
const RANGE = 500;

/** The topic, when everything of it is folded. Null where it is not known. */
export async function foldedTopic({ store, log }: ReprojectDeps, topicId: TopicId): Promise<TopicState | null> {
  for (let isFirst = true; ; isFirst = false) {
    const topic = await store.topic(topicId);
    if (!topic || topic.projected === null) return topic;
    if (isFirst) log.info("folds the messages of a topic again", { topicId, from: topic.projected, to: topic.cursor });
    let from: number | null = topic.projected;
    while (from !== null) {
      const last: number = from + RANGE;
      const entries = await store.log(topicId, from + 1, last);
      const through: number | null = last >= topic.cursor ? null : last;
      const isOurs = await store.reproject({ topicId, from, through, facts: projectStored(topicId, entries) });
      // Another instance is at it as well: who is further is asked of the store.
      if (!isOurs) break;
      from = through;
    }
  }
}
