/**
 * Positions of rows in a user's list. A position is `epoch · 2^40 + n`, n from 1 without gaps, so that a plain integer (the SSE
 * event id) says by itself which epoch it belongs to. A rebuild starts a new epoch; only positions of one epoch are comparable.
 */

/** Rows of one user in one epoch before the numbers run out: a thousand billion. 2^13 epochs fit below 2^53. */
export const POSITIONS_PER_EPOCH = 2 ** 40;

/** Parses a position that a client sends back; null for other text. */
export function parsePosition(text: string): number | null {
  const position = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(position) ? position : null;
}

/** The epoch of a position. Positions with different epochs must not be compared. */
export function epochOf(position: number): number {
  return Math.floor(position / POSITIONS_PER_EPOCH);
}

/** The next step of a stream that has sent everything through `cursor`, when the user stands at `head`. */
export function compare(
  cursor: number,
  head: number,
): { readonly kind: "same" } | { readonly kind: "behind"; readonly missed: number } | { readonly kind: "resync" } {
  if (cursor === head) return { kind: "same" };
  if (cursor > head) return { kind: "resync" };
  // Position 0 (no row yet) belongs to every epoch: the user's first rows are then all that was missed.
  const isComparable = epochOf(cursor) === epochOf(head) || cursor === 0;
  return isComparable
    ? { kind: "behind", missed: head - Math.max(cursor, epochOf(head) * POSITIONS_PER_EPOCH) }
    : { kind: "resync" };
}
