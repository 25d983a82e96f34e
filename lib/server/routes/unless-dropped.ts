import "server-only";
import type { Sequence, TopicId } from "../../core/ledger/ids";
import type { App } from "../boot/app";
import { ProblemError } from "../http/answers/problem";

/** Throws a problem for a message that was dropped. Earlier messages that are never packed are still stored. */
export async function unlessDropped({ stores }: App, topicId: TopicId, sequence: Sequence): Promise<void> {
  const through = (await stores.sync.topic(topicId))?.dropped.through ?? 0;
  if (sequence > through || (await stores.sync.log(topicId, sequence, sequence)).length > 0) return;
  throw new ProblemError(
    "dropped",
    `Message ${sequence} of topic ${topicId} is no longer kept here. The ledger has it: any mirror node shows it under /api/v1/topics/${topicId}/messages/${sequence}.`,
  );
}
