/**
 * Says which part of a mirror's answer may be stored. The stored sequence numbers are all those up to the cursor, but for declared
 * gaps, and no single answer moves the cursor past a hole (docs/hedera.md §1).
 */
import type { Interval } from "./intervals";

/** An answer of a mirror, split by what follows the cursor. */
export interface Extension<T> {
  /** The messages that follow the cursor without a hole: `cursor + 1, cursor + 2, …`. */
  readonly run: readonly T[];
  /** The hole between the run and the next message of the answer; null if there is no message behind the run. */
  readonly hole: Interval | null;
  /** The contiguous messages behind the hole. They can be stored once the hole is declared a gap. */
  readonly beyond: readonly T[];
}

/** Splits an answer, in any order and with any repeats. The first copy of a sequence number wins. */
export function extend<T extends { readonly sequence: number }>(cursor: number, answer: readonly T[]): Extension<T> {
  const bySequence = new Map<number, T>();
  for (const message of answer) {
    if (message.sequence > cursor && !bySequence.has(message.sequence)) bySequence.set(message.sequence, message);
  }
  const sorted = [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
  const run = contiguousFrom(sorted, 0, cursor + 1);
  const next = sorted[run.length];
  if (next === undefined) return { run, hole: null, beyond: [] };
  const hole = { from: cursor + run.length + 1, to: next.sequence - 1 };
  return { run, hole, beyond: contiguousFrom(sorted, run.length, next.sequence) };
}

function contiguousFrom<T extends { readonly sequence: number }>(
  sorted: readonly T[],
  start: number,
  first: number,
): readonly T[] {
  let end = start;
  while (sorted[end]?.sequence === first + (end - start)) end += 1;
  return sorted.slice(start, end);
}
