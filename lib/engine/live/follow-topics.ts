/** Follows the event bus for events about topics: commits, pauses, resumptions and changes of the registry. */
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import type { RegistryCache } from "../shards/registry-cache";
import type { SyncScheduler } from "../sync/sync-scheduler";
import type { TopicRates } from "./topic-rates";

export interface FollowTopicsDeps {
  readonly bus: Pick<EventBus, "subscribe">;
  readonly scheduler: Pick<SyncScheduler, "checkPaused" | "syncs">;
  readonly registry: Pick<RegistryCache, "learn">;
  readonly rates: TopicRates;
  readonly log: Log;
}

/** Follows the bus. Returns the function that ends it. */
export function followTopics({ bus, scheduler, registry, rates, log }: FollowTopicsDeps): () => void {
  const unlessDown = (message: string) => (cause: unknown) => {
    if (!isTierUnavailable(cause)) log.error(message, { cause });
  };
  return bus.subscribe({
    onEvent: (event) => {
      if (event.type === "commit" && event.cursor !== null) {
        rates.moved(event.topicId, event.cursor);
        scheduler.syncs.get(event.topicId)?.noteCursor(event.cursor.to);
      }
      if (event.type === "topic-changed") {
        const { topicId } = event;
        // A topic that cannot be read now is looked at again a little later.
        scheduler.checkPaused(topicId).catch(unlessDown("could not look whether a topic is paused"));
      }
      if (event.type === "registry-changed") {
        const { version } = event;
        // Every round of demand brings the version again.
        registry.learn(version).catch(unlessDown("could not load the changed registry"));
      }
    },
  });
}
