/** How old what we show is, from what the sync knows of each topic. */
import { type ConsensusNs, fromMs } from "./consensus-time";

export interface FreshnessNow {
  /** Consensus time through which every topic is synced; null while one of them never was. */
  readonly asOfNs: ConsensusNs | null;
  readonly lagMs: number | null;
  readonly stale: boolean;
}

/** What is known of one topic. */
export interface SyncedTopic {
  /** Everything through this consensus time is stored; 0n for never. */
  readonly syncedThroughNs: bigint;
  /** For how long that has not moved, on a clock that never steps. */
  readonly unmovedMs: number;
}

/**
 * The freshness of several topics together: that of the slowest. Its lag is never less than the time for which it has not moved,
 * whatever the wall clock says: a clock that is behind must not make a dead mirror look alive. It is never negative either, since
 * ledger time may run a little ahead of ours.
 */
export function freshness(topics: readonly SyncedTopic[], nowMs: number, targetMs: number): FreshnessNow {
  const slowest = topics.reduce<bigint | null>(
    (least, { syncedThroughNs: ns }) => (least === null || ns < least ? ns : least),
    null,
  );
  if (slowest === null || slowest === 0n) return { asOfNs: null, lagMs: null, stale: true };
  const behindMs = Number((fromMs(nowMs) - slowest) / 1_000_000n);
  const lagMs = Math.round(Math.max(0, behindMs, ...topics.map(({ unmovedMs }) => unmovedMs)));
  return { asOfNs: slowest as ConsensusNs, lagMs, stale: lagMs > targetMs };
}
