/**
 * How far the durable store has come, as one number that only grows: its epoch, and within it how far the cursors are and how
 * many messages are stored. Answers of the store carry it, at no further statement. A lower one than was known means that the
 * store has lost commits: it was restored, or failed over to a copy that lagged.
 */
export interface StampWatcher {
  /** The store has lost commits. The statement that noticed it fails with TierUnavailable; so do all until a new epoch begins. */
  onBack(): void;
  /** Positions belong to another epoch than was known: what was kept of the one before is in doubt. */
  onEpoch(epoch: number): void;
}

export interface StoreStamp {
  /** The highest that this process knows of; 0 before the first answer. */
  readonly highest: number;
  /** Somebody else knows of this one. */
  learn(stamp: number): void;
  watch(watcher: StampWatcher): void;
}
