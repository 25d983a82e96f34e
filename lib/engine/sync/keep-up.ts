/**
 * Demands a sync once a minute, so that topics that nobody reads stay up to date too. Of all instances, only the one that passes
 * the gate demands. For a quiet topic that costs a mirror request and no SQL. A topic that a doorbell watches is
 * looked at every ten minutes only (sync-scheduler.ts).
 */
import type { Clock } from "../../ports/clock";
import type { HotCache } from "../../ports/shared/hot-cache";
import { isTierUnavailable } from "../../ports/tier-unavailable";
import type { SyncScheduler } from "./sync-scheduler";

export interface KeepUpDeps {
  readonly scheduler: Pick<SyncScheduler, "demand">;
  readonly hot: Pick<HotCache, "passGate">;
  readonly clock: Pick<Clock, "sleep">;
}

const EVERY_MS = 60_000;
/** A little less than the period: the instance that passed last asks again one period later, and must not come too early. */
const GATE_MS = 55_000;

/** Runs until `signal` aborts. Never rejects. */
export async function keepUp({ scheduler, hot, clock }: KeepUpDeps, signal: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(EVERY_MS, signal);
    if (signal.aborted) return;
    // The sync itself reports its failures.
    if (await isOurTurn(hot)) await scheduler.demand("page").catch(() => {});
  }
}

/** While Redis is down, each instance keeps up by itself. */
const isOurTurn = (hot: KeepUpDeps["hot"]): Promise<boolean> =>
  hot.passGate("schedule", GATE_MS).catch((cause: unknown) => isTierUnavailable(cause, "redis"));
