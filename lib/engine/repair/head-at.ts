import type { TopicId } from "../../core/ledger/ids";
import { CHAIN_START, type ChainHead } from "../../core/ledger/verify";
import type { MessageLog } from "../../ports/store/sync/message-log";
import type { TopicStore } from "../../ports/store/sync/topic-store";

/** The chain behind a stored message. Of dropped messages the hash of the last one is known; the hash of any other missing one is null. */
export async function headAt(
  store: Pick<MessageLog & TopicStore, "log" | "topic">,
  topicId: TopicId,
  sequence: number,
): Promise<ChainHead> {
  if (sequence === 0) return CHAIN_START;
  const [entry] = await store.log(topicId, sequence, sequence);
  if (entry !== undefined) return { sequence, hash: entry.runningHash, consensusNs: 0n };
  const dropped = (await store.topic(topicId))?.dropped;
  return { sequence, hash: dropped?.through === sequence ? dropped.hash : null, consensusNs: 0n };
}
