import type { TopicState } from "../../ports/store/sync/topic-store";

/** Something is done to a topic first. Until it is done, older messages of it are not packed or dropped. */
export type Work = "starting-over" | "folded-again" | "read-again";

/** Why a run leaves messages of a topic. "changing": others keep changing its stored messages. */
export type Left = Work | "paused" | "changing";

type State = Pick<TopicState, "paused" | "isDropping" | "projected" | "isReread" | "isReadTwice">;

/** Null: nothing is done to the topic. The store decides by the same conditions at each step; this tells people why. */
function workOn({ isDropping, projected, isReread }: State): Work | null {
  if (isDropping) return "starting-over";
  if (projected !== null) return "folded-again";
  return isReread ? null : "read-again";
}

/** Null: nothing keeps this topic's messages from being packed. */
export const waitingFor = (topic: State): Left | null => (topic.paused ? "paused" : workOn(topic));

/** The work on this topic that needs the messages of all topics, so nothing is dropped of any. Null: none. A pause does not end it. */
export function workForAll(topic: State): Work | null {
  const work = workOn(topic);
  return work === "read-again" && !topic.isReadTwice ? null : work;
}
