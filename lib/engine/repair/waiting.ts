import type { TopicState } from "../../ports/store/sync/topic-store";

/** Something else is done to a topic first, so older messages of it are not packed or dropped yet. */
export type Waiting = "paused" | "starting-over" | "folded-again" | "read-again";

/** Null: nothing else is done to the topic. The store decides by the same conditions at each step; this tells people why. */
export function waitingFor(
  topic: Pick<TopicState, "paused" | "isDropping" | "projected" | "isReread">,
): Waiting | null {
  if (topic.paused) return "paused";
  if (topic.isDropping) return "starting-over";
  if (topic.projected !== null) return "folded-again";
  return topic.isReread ? null : "read-again";
}
