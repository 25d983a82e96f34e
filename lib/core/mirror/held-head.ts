/**
 * The ledger's head as the public mirror tells it. A reader who is told a head takes pages that it gets afterwards as complete up
 * to it. Pages at the tip may come out of caches, so a head is told only once every copy that may still be served has it.
 */
import type { ConsensusNs } from "../ledger/consensus-time";

/** A page at the tip serves for this long out of a process's memory, and for twice this long out of a shared cache. */
export const TIP_S = 1;
/** Memory, then a cache's age, then its time to revalidate. */
export const HOLD_MS = 3 * TIP_S * 1_000;

interface Sample {
  readonly asOfNs: ConsensusNs;
  readonly atMs: number;
}

/** Samples of the time through which everything is stored, the oldest first: one that is old enough, and all after it. */
export type Samples = readonly Sample[];

/** Adds a sample. A time that was taken back makes all samples before it worthless, as one that is not known does. */
export function sampled(samples: Samples, asOfNs: ConsensusNs | null, nowMs: number): Samples {
  if (asOfNs === null) return [];
  const last = samples.at(-1);
  if (last !== undefined && asOfNs < last.asOfNs) return [{ asOfNs, atMs: nowMs }];
  const all = last?.asOfNs === asOfNs ? samples : [...samples, { asOfNs, atMs: nowMs }];
  const old = all.findLastIndex(({ atMs }) => nowMs - atMs >= HOLD_MS);
  return old < 1 ? all : all.slice(old);
}

/** The time that every copy of a page has by now; null where none is known. */
export function toldThrough(samples: Samples, nowMs: number): ConsensusNs | null {
  return samples.findLast(({ atMs }) => nowMs - atMs >= HOLD_MS)?.asOfNs ?? null;
}
