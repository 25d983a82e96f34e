import { type ConsensusNs, fromMs } from "../ledger/consensus-time";

/**
 * Messages from before this time are old enough to be dropped. It is the first moment of a calendar month (UTC), so that everything
 * of the last `months` months is kept. Whole months, because rows that are packed together then go together.
 */
export function keptSince(nowMs: number, months: number): ConsensusNs {
  const now = new Date(nowMs);
  return fromMs(Math.max(0, Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)));
}

/**
 * The ledger's time in milliseconds since 1970: the latest of the topics' heads, at most `nowMs`, and 0 without heads. Retention
 * goes by it, because a server's clock that is ahead must not drop young messages.
 */
export const ledgerMs = (nowMs: number, headsNs: readonly bigint[]): number =>
  headsNs.reduce((latest, ns) => Math.max(latest, Math.min(nowMs, Number(ns / 1_000_000n))), 0);
