import "server-only";
import type { Sequence, TopicId } from "../../core/ledger/ids";
import type { App } from "../boot/app";
import { ProblemError } from "../http/answers/problem";

/** Throws a problem for a message that was dropped. Those before it that are never packed are still there. */
export async function unlessDropped({ stores }: App, topicId: TopicId, sequence: Sequence): Promise<void> {
  const through = (await stores.sync.topic(topicId))?.dropped.through ?? 0;
  if (sequence > through || (await stores.sync.log(topicId, sequence, sequence)).length > 0) return;
  throw new ProblemError(
    "dropped",
    `Old messages of topic ${topicId} are no longer kept here, up to number ${through}. The ledger has them: ask a mirror node.`,
  );
}
