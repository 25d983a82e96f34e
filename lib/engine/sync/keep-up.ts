/**
 * Demands a sync once a minute, so that topics which nobody reads are in step too. All instances together demand once: whoever
 * passes the gate does. A quiet topic costs a mirror request then, and no SQL.
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
/** A little less than the period: whoever passed last asks again a period later, and is not to come too soon. */
const GATE_MS = 55_000;

/** Until `signal` aborts. Never rejects. */
export async function keepUp({ scheduler, hot, clock }: KeepUpDeps, signal: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(EVERY_MS, signal);
    if (signal.aborted) return;
    // The sync itself reports what fails.
    if (await isOurTurn(hot)) await scheduler.demand().catch(() => {});
  }
}

/** While Redis is down, each instance keeps up by itself. */
const isOurTurn = (hot: KeepUpDeps["hot"]): Promise<boolean> =>
  hot.passGate("schedule", GATE_MS).catch((cause: unknown) => isTierUnavailable(cause, "redis"));
