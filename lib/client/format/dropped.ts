/** The place in a list from which on items may be missing, because the server no longer keeps them. Pure. */

interface Item {
  readonly id: string;
  readonly consensusTimestamp: string | null;
}

/** Consensus times have nine digits behind the point, so they are compared as texts of one length. */
const ordered = (consensusTimestamp: string) => consensusTimestamp.padStart(24, "0");

/**
 * The id of the item from which on a list, newest first, may be incomplete: the first one that is not later than `droppedThrough`. Each
 * topic drops messages at a time of its own, so older items may follow. Null if no item is that old: then the end of the list says what
 * is missing.
 */
export function incompleteFrom(items: readonly Item[] | undefined, droppedThrough: string | null): string | null {
  if (droppedThrough === null) return null;
  const through = ordered(droppedThrough);
  const first = items?.find(({ consensusTimestamp: at }) => at !== null && ordered(at) <= through);
  return first?.id ?? null;
}
