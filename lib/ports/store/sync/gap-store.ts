/** Sequence numbers that are missing. Failures of the database reject with `TierUnavailable`. */
import type { Sequence, TopicId } from "../../../core/ledger/ids";

/**
 * `hole`: in its grace time, before the cursor passes it. `declared`: a gap, which the cursor has passed. `filled`: a gap whose messages
 * were found later.
 */
export type GapState = "hole" | "declared" | "filled";

export interface Gap {
  readonly topicId: TopicId;
  readonly from: Sequence;
  readonly to: Sequence;
  readonly state: GapState;
  readonly firstSeenMs: number;
}

export interface GapStore {
  /** All holes and gaps of the topic, by rising sequence. */
  gaps(topicId: TopicId): Promise<readonly Gap[]>;
  /** Remembers when a hole was first seen. An earlier time stays, so all instances share its grace time. */
  recordHole(topicId: TopicId, from: number, to: number, nowMs: number): Promise<Gap>;
  /** Forgets the topic's hole, which has closed. */
  forgetHole(topicId: TopicId): Promise<void>;
}
