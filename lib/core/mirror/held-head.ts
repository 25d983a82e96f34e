/**
 * The ledger's head as the public mirror reports it. A reader takes every page that it gets after a head as complete up to that
 * head. Pages at the tip may come from caches. So a head is reported only once every cached page that may still be served reaches it.
 */
import type { ConsensusNs } from "../ledger/consensus-time";

/** A page at the tip is served for this long from a process's memory, and for twice this long from a shared cache. */
export const TIP_S = 1;
/** The longest time that a cached page is served: in memory, then in a shared cache (max-age and stale-while-revalidate). */
export const HOLD_MS = 3 * TIP_S * 1_000;

interface HeadSample {
  readonly asOfNs: ConsensusNs;
  readonly atMs: number;
}

/** Samples of the time through which everything is stored, the oldest first: one that is old enough, and all after it. */
export type HeadSamples = readonly HeadSample[];

/** Adds a sample. If the time went back or is not known, all samples before it are dropped. */
export function withHeadSample(samples: HeadSamples, asOfNs: ConsensusNs | null, nowMs: number): HeadSamples {
  if (asOfNs === null) return [];
  const last = samples.at(-1);
  if (last !== undefined && asOfNs < last.asOfNs) return [{ asOfNs, atMs: nowMs }];
  const all = last?.asOfNs === asOfNs ? samples : [...samples, { asOfNs, atMs: nowMs }];
  const old = all.findLastIndex(({ atMs }) => nowMs - atMs >= HOLD_MS);
  return old < 1 ? all : all.slice(old);
}

/** The time that every cached page reaches by now. Null if none is known. */
export function toldThrough(samples: HeadSamples, nowMs: number): ConsensusNs | null {
  return samples.findLast(({ atMs }) => nowMs - atMs >= HOLD_MS)?.asOfNs ?? null;
}
