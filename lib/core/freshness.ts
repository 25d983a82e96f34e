/** How old what we show is, from what the sync knows of each topic. */
import { type ConsensusNs, fromMs } from "./consensus-time";

export interface FreshnessNow {
  /** Consensus time through which every topic is synced; null while one of them never was. */
  readonly asOfNs: ConsensusNs | null;
  readonly lagMs: number | null;
  readonly stale: boolean;
}

/** `syncedThroughNs`: one for each topic, 0n for never. Ledger time may run a little ahead of ours: lag is never negative. */
export function freshness(syncedThroughNs: readonly bigint[], nowMs: number, targetMs: number): FreshnessNow {
  const slowest = syncedThroughNs.reduce<bigint | null>(
    (least, ns) => (least === null || ns < least ? ns : least),
    null,
  );
  if (slowest === null || slowest === 0n) return { asOfNs: null, lagMs: null, stale: true };
  const lagMs = Math.max(0, Number((fromMs(nowMs) - slowest) / 1_000_000n));
  return { asOfNs: slowest as ConsensusNs, lagMs, stale: lagMs > targetMs };
}
