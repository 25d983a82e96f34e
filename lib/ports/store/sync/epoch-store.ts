/**
 * Epochs of positions. A new one begins when a topic is started over, or when the store has lost commits. Failures of the
 * database reject with `TierUnavailable`.
 */
import type { TopicId } from "../../../core/ledger/ids";
import type { Facts } from "../../../core/signals/batch";

/** The facts of the stored messages after `from` through `through` (null: through the last). */
export interface Refolded {
  readonly topicId: TopicId;
  readonly from: number;
  readonly through: number | null;
  readonly facts: Facts;
}

export interface EpochStore {
  /**
   * Starts a new epoch of positions, whose number is above `above`, and leaves everything else as it is. In the new epoch
   * positions may be given out again for other rows. Does nothing if the store's epoch is already above `above`. Returns the
   * epoch.
   */
  newEpoch(above: number): Promise<number>;
  /**
   * Begins to drop one topic's rows (`TopicState.isDropping`), and starts a new epoch. Does nothing if the topic is not known,
   * or is being dropped already.
   */
  startOver(topicId: TopicId): Promise<void>;
  /**
   * Drops the next part of a topic that is being dropped: about `most` rows, with everything that follows from them. Any
   * number may call it at once, and go on where others stopped. The last part starts another epoch; from then on the other
   * topics must be folded again (`TopicState.projected`). Does nothing if the topic is not being dropped.
   */
  dropSome(topicId: TopicId, most: number): Promise<void>;
  /** Folds stored messages of a topic again. False if the topic is no longer folded through `from` exactly. */
  reproject(refolded: Refolded): Promise<boolean>;
  /**
   * Drops everything derived and every cursor, and starts a new epoch: the ledger is read from the start again. Returns the
   * epoch.
   */
  rebuild(): Promise<number>;
}
