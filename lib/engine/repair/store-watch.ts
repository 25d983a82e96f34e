/**
 * Acts when the durable store has lost commits, or begins a new epoch.
 *
 *   an answer with a lower stamp ──▶ a new epoch in the store ──▶ onEpoch, here and on every instance:
 *                                                                 cursors are read again, nothing is called fresh before a sync,
 *                                                                 kept and shared views are expired, streams are told to resync
 *
 * Positions of before may be given out again for other rows: only another epoch tells the two apart.
 */
import { epochOf, POSITIONS_PER_EPOCH } from "../../core/signals/position";
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import type { EpochStore } from "../../ports/store/epoch-store";
import type { StoreStamp } from "../../ports/store/store-stamp";
import type { Incidents } from "../health/incidents";

export interface StoreWatchDeps {
  readonly stamp: StoreStamp;
  readonly store: Pick<EpochStore, "newEpoch">;
  readonly bus: Pick<EventBus, "newEpoch" | "subscribe" | "follow">;
  readonly incidents: Incidents;
  readonly log: Log;
  /** Forgets what is believed of cursors and of how far topics are synced. */
  readonly startOver: () => void;
  /** Brings back what the store has lost and this process still knows, other than messages. */
  readonly restore: () => Promise<void>;
}

/** Returns the function that ends it. */
export function watchStore(deps: StoreWatchDeps): () => void {
  const { stamp, bus, log } = deps;
  let isMending = false;
  const mendOnce = async () => {
    if (isMending) return;
    isMending = true;
    await mend(deps);
    isMending = false;
  };
  bus.follow(stamp);
  stamp.watch({
    onBack: () => {
      deps.startOver();
      void mendOnce();
    },
    onEpoch: (epoch) => {
      log.info("positions have a new epoch", { epoch });
      deps.startOver();
      void bus.newEpoch(epoch);
    },
  });
  return bus.subscribe({
    // The store's own answers say the rest: a stamp below this one is one that went back.
    onEpoch: (epoch) => stamp.learn(epoch * POSITIONS_PER_EPOCH),
  });
}

async function mend({ stamp, store, incidents, log, restore }: StoreWatchDeps): Promise<void> {
  incidents.happened(
    "database-went-back",
    null,
    "The database came back without commits that it had made: the missing messages are read from the ledger again.",
  );
  try {
    await store.newEpoch(epochOf(stamp.highest));
    await restore();
  } catch (cause) {
    // Until it succeeds every answer of the store is refused, and starts this again.
    log.warn("the database has lost commits, and could not be told to begin a new epoch; trying again", { cause });
  }
}
