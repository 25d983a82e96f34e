/** Why the older messages of a topic are not packed or dropped yet. Pure. */
import type { TopicState } from "../../ports/store/sync/topic-store";

/** Work on a topic that has to end before its older messages are packed or dropped. */
export type TopicWork = "dropping" | "folding" | "rereading";

/** Why a run skips messages of a topic. `changing`: other instances keep changing its stored messages. */
export type SkipReason = TopicWork | "paused" | "changing";

type State = Pick<TopicState, "paused" | "isDropping" | "projected" | "isReread" | "isReadTwice">;

/** Null if there is no such work. The store checks the same conditions at each step; this says to people which of them holds. */
function workOn({ isDropping, projected, isReread }: State): TopicWork | null {
  if (isDropping) return "dropping";
  if (projected !== null) return "folding";
  return isReread ? null : "rereading";
}

/** Null: nothing keeps this topic's messages from being packed. */
export const packBlocker = (topic: State): SkipReason | null => (topic.paused ? "paused" : workOn(topic));

/** The work on this topic that needs the messages of all topics, so that none may be dropped. Null: none. A pause does not end it. */
export function dropBlocker(topic: State): TopicWork | null {
  const work = workOn(topic);
  return work === "rereading" && !topic.isReadTwice ? null : work;
}
