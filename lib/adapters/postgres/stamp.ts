/** The store's stamp, as statements answer it (ports/store/store-stamp). */
import { epochOf, POSITIONS_PER_EPOCH } from "../../core/signals/position";
import type { StampWatcher, StoreStamp } from "../../ports/store/store-stamp";
import { TierUnavailable } from "../../ports/tier-unavailable";
import { int8 } from "./codec/decode-row";

/**
 * The stamp as of a statement's snapshot: `epoch · 2^40 + cursors + messages`. Messages found behind the cursor count too. The
 * table has a row for each topic: some microseconds.
 */
export const STAMP = `(SELECT (SELECT epoch FROM meta)::bigint * ${POSITIONS_PER_EPOCH} + coalesce(sum(cursor + messages), 0)::bigint FROM topics)`;

export class Stamp implements StoreStamp {
  highest = 0;
  private readonly watchers: StampWatcher[] = [];

  watch(watcher: StampWatcher): void {
    this.watchers.push(watcher);
  }

  learn(stamp: number): void {
    if (stamp <= this.highest) return;
    const isNewEpoch = this.highest > 0 && epochOf(stamp) > epochOf(this.highest);
    this.highest = stamp;
    if (isNewEpoch) for (const watcher of this.watchers) watcher.onEpoch(epochOf(stamp));
  }

  /**
   * Takes the stamp of an answer. `floor`: the highest that was known when the statement was sent, so that answers which overtake
   * each other are no loss. Throws TierUnavailable where the answer lacks what was known.
   */
  heed(answered: unknown, floor: number): void {
    const stamp = Number(int8(answered));
    if (stamp < floor) {
      for (const watcher of this.watchers) watcher.onBack();
      throw new TierUnavailable("postgres", "the database has lost commits; it is filled again from the ledger");
    }
    this.learn(stamp);
  }
}
