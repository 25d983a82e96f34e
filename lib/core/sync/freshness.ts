/** How old the shown data is, from the sync state of each topic. */
import { type ConsensusNs, consensusNs, fromMs } from "../ledger/consensus-time";

/** How complete the stored data is now. `lagMs`: the age of the slowest topic, in milliseconds. */
export interface FreshnessNow {
  /** Every topic is synced through this consensus time; null if one of them never was. */
  readonly asOfNs: ConsensusNs | null;
  readonly lagMs: number | null;
  readonly stale: boolean;
  /** The ledger is at rest: it makes no blocks, and everything on it is stored, as far as the mirror reports. */
  readonly isQuiet: boolean;
  /**
   * A doorbell watches every topic, and every message that it announced is stored. That proves nothing. So it makes nothing fresh, and
   * `asOfNs` stays at the time of the last proof.
   */
  readonly isWatched?: boolean;
  /** A topic was not read to its end: this process has just started, or the topic starts over. Anything may be missing. */
  readonly isIncomplete?: boolean;
}

/** The freshness of data whose age is not known. */
export const UNKNOWN_AGE: FreshnessNow = { asOfNs: null, lagMs: null, stale: true, isQuiet: false };

/** The same for data of a process that is as fresh as `now`. */
export const unknownAge = (now: FreshnessNow): FreshnessNow => (now.isIncomplete ? now : UNKNOWN_AGE);

/** How far one topic is synced. */
export interface SyncedTopic {
  /** Everything through this consensus time is stored; 0n for never. */
  readonly syncedThroughNs: bigint;
  /** For how many milliseconds that has not moved, on a clock that never steps. */
  readonly unmovedMs: number;
  /** A run has reached the topic's end. */
  readonly hasCaughtUp: boolean;
}

/** A ledger at rest. `throughNs`: the end of its newest block; null if it has none. */
export interface Quiet {
  readonly throughNs: bigint | null;
}

/**
 * The freshness of several topics together, which is that of the slowest. `nowMs`: this process's clock. `targetMs`: a larger lag is
 * stale. The lag is never less than the time since a topic last moved: a clock that is behind must not make a dead mirror look alive.
 * It is never negative, although ledger time may run a little ahead of ours. It is 0 while the ledger is quiet and everything is stored.
 */
export function freshness(
  topics: readonly SyncedTopic[],
  nowMs: number,
  targetMs: number,
  quiet: Quiet | null = null,
): FreshnessNow {
  const slowest = topics.reduce<bigint | null>(
    (least, { syncedThroughNs: ns }) => (least === null || ns < least ? ns : least),
    null,
  );
  const asOfNs = slowest === null || slowest === 0n ? null : consensusNs(slowest);
  if (quiet !== null && topics.length > 0 && topics.every((topic) => hasAll(topic, quiet)))
    return { asOfNs, lagMs: 0, stale: false, isQuiet: true };
  if (slowest === null || asOfNs === null) return { ...UNKNOWN_AGE, isIncomplete: topics.some(isUnread) };
  const behindMs = Number((fromMs(nowMs) - slowest) / 1_000_000n);
  const lagMs = Math.round(Math.max(0, behindMs, ...topics.map(({ unmovedMs }) => unmovedMs)));
  return { asOfNs, lagMs, stale: lagMs > targetMs, isQuiet: false };
}

const hasAll = ({ syncedThroughNs, hasCaughtUp }: SyncedTopic, { throughNs }: Quiet): boolean =>
  throughNs === null ? hasCaughtUp : syncedThroughNs >= throughNs;

/** A ledger without blocks has no time through which a topic is synced, even if the topic was read to its end. */
const isUnread = ({ syncedThroughNs, hasCaughtUp }: SyncedTopic): boolean => syncedThroughNs === 0n && !hasCaughtUp;

/**
 * The freshness of data that had the freshness `then` `elapsedMs` ago, and that may lack what came since. `now`: the present freshness
 * of complete data. It is the result if the watermark of `then` was taken back meanwhile.
 */
export function agedSince(then: FreshnessNow, now: FreshnessNow, elapsedMs: number, targetMs: number): FreshnessNow {
  const isTakenBack = now.asOfNs === null || (then.asOfNs !== null && now.asOfNs < then.asOfNs);
  if (isTakenBack) return now;
  const lagMs = then.lagMs === null ? null : then.lagMs + Math.round(elapsedMs);
  const { asOfNs, isIncomplete = false } = then;
  return { asOfNs, lagMs, stale: lagMs === null || lagMs > targetMs, isQuiet: false, isIncomplete };
}
