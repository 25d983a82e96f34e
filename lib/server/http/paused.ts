import "server-only";
/** The sentence about a paused topic, for users who write to it or wait for one of its messages. */
import { pausedWords } from "../../core/health/reasons";
import type { TopicId } from "../../core/ledger/ids";
import type { SyncScheduler } from "../../engine/sync/sync-scheduler";
import type { AdminReads } from "../admin/reads";

/** One sentence. Null if this instance knows of no pause. Asks the database who paused the topic, and when. */
export async function pausedSentence(
  scheduler: Pick<SyncScheduler, "syncs">,
  reads: Pick<AdminReads, "topics">,
  topicId: TopicId,
): Promise<string | null> {
  if (scheduler.syncs.get(topicId)?.state.name !== "paused") return null;
  const topics = (await reads.topics.get())?.value ?? [];
  const pause = topics.find((topic) => topic.topicId === topicId)?.pause ?? null;
  const words = pausedWords({ by: pause?.actor ?? null, sinceMs: pause?.atMs ?? null });
  return `Topic ${topicId} is ${words}: it shows nothing new and takes no writes until an operator resumes it.`;
}
