/**
 * Names the transaction of a message. The ledger takes a transaction id once, so the id follows from the message: a second
 * attempt at the same message, also after a crash or from another instance, sends the same transaction, and the ledger refuses
 * it. An id is good for as long as its transaction is valid, so time is cut into windows with an id each.
 *
 *   start ── 10 s ──▶ used from ──────── 95 s ────────▶ used until ── 15 s ──▶ not valid any more
 *                                                       = used from, of the next window
 *
 * A message of an earlier window is on the ledger 16 s after this window began, or never will be. So the log decides about
 * earlier windows, and the ledger about the present one.
 */
import { type ConsensusNs, consensusNs } from "./consensus-time";

/** How long after its start of validity the network accepts a transaction: the SDK's own default. */
export const VALID_S = 120;
/** The network's clock may be this far behind ours: it refuses a start that is still to come. */
const LEAD_S = 10;
/** How long a transaction that is sent at the end of its window has to arrive. */
const ARRIVAL_S = 15;
const USED_S = VALID_S - LEAD_S - ARRIVAL_S;
/**
 * How long before the time at which the message says it was made its first window begins. The mirror, which is some 5 s behind,
 * is then past all earlier windows when the message first comes, and a retry within a minute comes in the same window.
 */
const BEFORE_MADE_S = 30;
/** A message of many chunks takes as many ids, a nanosecond apart. */
const IDS_PER_MESSAGE = 20;
const SLOTS = 1_000_000_000 / IDS_PER_MESSAGE;
const NS = 1_000_000_000n;

/** A time in which a message may be sent, and the start of validity that names its transaction meanwhile. */
export interface WriteWindow {
  /** Start of validity. Together with the payer it is the transaction's id. */
  readonly validStartNs: bigint;
  /** Epoch seconds: the message may be sent in this window from then on. Earlier windows were used until then. */
  readonly usedFromS: number;
  /** Epoch seconds: the message may be sent in this window until then. */
  readonly usedUntilS: number;
}

/**
 * The window for a message at `nowMs`. `digest`: hex digits that only this message has; `madeS`: epoch seconds at which the
 * message says it was made.
 */
export function writeWindow(digest: string, madeS: number, nowMs: number): WriteWindow {
  const firstS = madeS - BEFORE_MADE_S;
  const usedFromS = firstS + Math.floor((nowMs / 1_000 - firstS) / USED_S) * USED_S;
  const usedUntilS = usedFromS + USED_S;
  return { validStartNs: startNs(startS(usedUntilS), digest), usedFromS, usedUntilS };
}

/** The second in which a transaction's validity begins, if it is sent until `usedUntilS`. Both are epoch seconds. */
export function startS(usedUntilS: number): number {
  return usedUntilS - USED_S - LEAD_S;
}

/** The start of validity within that second, in nanoseconds. `digest`: hex digits that only this ledger message has. */
export function startNs(validStartS: number, digest: string): bigint {
  const slot = Number.parseInt(digest.slice(0, 12), 16) % SLOTS;
  return BigInt(validStartS) * NS + BigInt(slot * IDS_PER_MESSAGE);
}

/** A transaction that is sent until `usedUntilS` (epoch seconds) has a consensus time before this, or never gets one. */
export function settledNs(usedUntilS: number): ConsensusNs {
  // A second more, since the slot is a part of the second in which validity begins.
  return consensusNs(BigInt(usedUntilS + ARRIVAL_S + 1) * NS);
}

/**
 * A message that was made at `madeS` has no earlier consensus time. It may be taken up to `futureS` before `madeS`, by a clock
 * that is ahead.
 */
export function earliestNs(madeS: number, futureS: number): ConsensusNs {
  return consensusNs(BigInt(madeS - futureS - LEAD_S) * NS);
}

/** A transaction id as the network's tools write it. `chunks`: how many chunks the message has; the id is that of the last. */
export function transactionIdText(payer: string, validStartNs: bigint, chunks: number): string {
  const ns = validStartNs + BigInt(chunks - 1);
  return `${payer}@${ns / NS}.${String(ns % NS).padStart(9, "0")}`;
}
