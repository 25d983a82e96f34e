/** The store's stamp, as answers of the database carry it (lib/ports/store/store-stamp). */
import { sql } from "drizzle-orm";
import { meta, topics } from "../../../drizzle/schema";
import { epochOf, POSITIONS_PER_EPOCH } from "../../core/signals/position";
import type { StampWatcher, StoreStamp } from "../../ports/store/store-stamp";
import { TierUnavailable } from "../../ports/tier-unavailable";
import { literal } from "./sql/expressions";

const epoch = sql`(SELECT ${meta.epoch} FROM ${meta})::bigint * ${literal(POSITIONS_PER_EPOCH)}`;

/**
 * The stamp as of a statement's snapshot: `epoch · 2^40 + cursors + messages`. Messages that were found behind the cursor count
 * too. The table has a row for each topic: this takes some microseconds.
 */
export const STAMP =
  sql`(SELECT ${epoch} + coalesce(sum(${topics.cursor} + ${topics.messages}), 0)::bigint FROM ${topics})`.mapWith(
    Number,
  );

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
   * Takes the stamp of an answer. `floor`: the highest stamp that was known when the statement was sent, so that answers which
   * overtake each other do no harm. Throws TierUnavailable if the answer lacks commits that were known.
   */
  observe(stamp: number, floor: number): void {
    if (stamp < floor) {
      for (const watcher of this.watchers) watcher.onBack();
      throw new TierUnavailable("postgres", "the database has lost commits; it is filled again from the ledger");
    }
    this.learn(stamp);
  }
}
