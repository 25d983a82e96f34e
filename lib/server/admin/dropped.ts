import "server-only";
import { consensusNs, formatConsensusTime } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import type { DroppedRange } from "../../ports/store/sync/topic-store";
import type { App } from "../boot/app";

/** An answer that takes no longer is worth more than one with the counts. */
const COUNT_MS = 1_000;

/**
 * How many messages of each topic were dropped, as far as that is known. Waits a second at most: a count that takes longer is in a
 * later answer. Rejects if the count fails other than by an outage.
 */
export async function droppedCounts({
  adminReads,
  clock,
}: Pick<App, "adminReads" | "clock">): Promise<ReadonlyMap<TopicId, number>> {
  const { topics, droppedMessages: counts } = adminReads;
  if (topics.last?.value.some(({ dropped }) => dropped.through > 0)) {
    const done = new AbortController();
    await Promise.race([counts.get(), clock.sleep(COUNT_MS, done.signal)]).finally(() => done.abort());
  }
  return counts.last?.value ?? new Map();
}

/** The member that tells which old messages of a topic were dropped, and how many if that is known; none if none were. */
export const droppedMessages = ({ through, throughNs }: DroppedRange, messages: number | undefined) =>
  through === 0
    ? {}
    : {
        dropped: {
          through,
          throughTime: formatConsensusTime(consensusNs(throughNs)),
          ...(messages === undefined ? {} : { messages }),
        },
      };
