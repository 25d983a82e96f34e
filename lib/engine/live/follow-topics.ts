/** What the bus tells of topics themselves: how fast they move, and that one was paused or resumed. */

import type { Log } from "../../ports/log";
import type { CommitEvent, EventBus } from "../../ports/shared/event-bus";
import type { SyncScheduler } from "../sync/sync-scheduler";
import type { TopicRates } from "./topic-rates";

export interface FollowTopicsDeps {
  readonly bus: EventBus;
  readonly scheduler: SyncScheduler;
  readonly rates: TopicRates;
  readonly log: Log;
}

/** The event that makes every instance look again whether the topic is paused (EventBus, `cursor`). */
export function topicChanged(topicId: CommitEvent["topicId"]): CommitEvent {
  return { topicId, cursor: 0, users: [], renamed: [], definitionsChanged: false };
}

/** Returns the function that ends it. */
export function followTopics({ bus, scheduler, rates, log }: FollowTopicsDeps): () => void {
  return bus.subscribe({
    onCommit: ({ topicId, cursor, users, renamed }) => {
      if (cursor > 0) rates.moved(topicId, cursor);
      if (cursor > 0 || users.length > 0 || renamed.length > 0) return;
      // Where it cannot be read now it is looked at again by itself, a little later.
      scheduler
        .heed(topicId)
        .catch((cause) => log.warn("could not look whether a topic is paused", { topicId, cause }));
    },
    onMissed: () => {},
  });
}
