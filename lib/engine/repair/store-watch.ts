/**
 * Acts when the durable store has lost commits, or begins a new epoch.
 *
 *   an answer with a lower stamp ──▶ a new epoch in the store ──▶ onEpoch, here and on every instance:
 *                                                                 cursors are read again, nothing is called fresh before a sync,
 *                                                                 kept and shared views are expired, streams are told to resync
 *
 * Positions from before may be given out again for other rows. Only another epoch tells the two apart.
 */
import { epochOf, POSITIONS_PER_EPOCH } from "../../core/signals/position";
import type { Log } from "../../ports/log";
import type { EventBus } from "../../ports/shared/event-bus";
import type { StoreStamp } from "../../ports/store/store-stamp";
import type { EpochStore } from "../../ports/store/sync/epoch-store";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import type { Incidents } from "../health/incidents";

export interface StoreWatchDeps {
  readonly stamp: StoreStamp;
  readonly store: Pick<EpochStore, "newEpoch">;
  readonly bus: Pick<EventBus, "newEpoch" | "subscribe" | "follow">;
  readonly incidents: Incidents;
  readonly log: Log;
  /** Forgets everything that is believed about cursors and watermarks. */
  readonly startOver: () => void;
  /** Gives the store back what it has lost and this process still knows, apart from messages. */
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
    // The store's next answers show the rest: a stamp below this one means that it has lost commits.
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
    // Until this succeeds the store's answers are refused, and each refused answer tries it again.
    if (!isTierUnavailable(cause))
      log.error("the database could not be told to begin a new epoch; trying again", { cause });
  }
}
