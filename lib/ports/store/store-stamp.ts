/**
 * How far the durable store has come, as one number that only grows: its epoch, and within it the cursors and the number of
 * stored messages. The store's answers carry it without a further statement. A lower stamp than the known one means that the
 * store has lost commits: it was restored, or failed over to a copy that lagged.
 */
export interface StampWatcher {
  /** The store has lost commits. That statement, and all after it, fail with TierUnavailable until a new epoch begins. */
  onBack(): void;
  /** Positions belong to another epoch than before. Everything that was kept of the earlier one may be outdated. */
  onEpoch(epoch: number): void;
}

export interface StoreStamp {
  /** The highest known stamp; 0 before the first answer. */
  readonly highest: number;
  /** Another instance knows this stamp. */
  learn(stamp: number): void;
  watch(watcher: StampWatcher): void;
}
