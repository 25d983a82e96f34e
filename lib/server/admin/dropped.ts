import "server-only";
import { consensusNs, formatConsensusTime } from "../../core/ledger/consensus-time";
import type { DroppedRange } from "../../ports/store/sync/topic-store";

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
