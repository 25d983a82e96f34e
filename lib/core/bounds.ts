/**
 * Limits for answers, in bytes. Anybody who pays can write any amount to a topic, so neither an answer nor its cost may grow with
 * the topic. A full page ends early and names its next page; a list that is cut says so.
 */

/** The limit of one answer's JSON. A Redis value holds 900,000, so every view can be shared. */
export const MAX_ANSWER_BYTES = 800_000;
/** The limit for all messages of one page together. Honest messages never reach it. */
export const MAX_READ_BYTES = 1_000_000;
/** A message longer than this is not read for a view; a message in one chunk has 1,024 bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/**
 * The most contacts and requests of one person that are read, bonded ones first. It is more than anybody knows, and bounds a
 * flood of requests.
 */
export const MAX_EDGES = 10_000;
/** The most gaps that are listed for a topic. */
export const MAX_GAPS = 100;

const UTF8 = new TextEncoder();

/** The size of a value's JSON in bytes. */
export function jsonBytes(value: unknown): number {
  return UTF8.encode(JSON.stringify(value)).length;
}

/** The longest start of the list whose JSON fits into `maxBytes`. */
export function fittingPrefix<T>(items: readonly T[], maxBytes: number): readonly T[] {
  let left = maxBytes;
  for (const [i, item] of items.entries()) {
    left -= jsonBytes(item) + 1;
    if (left < 0) return items.slice(0, i);
  }
  return items;
}

/** Names each cut list with how many items it shows; empty if no list is cut. */
export function cappedAt(lists: Readonly<Record<string, readonly [listed: number, all: number]>>): {
  readonly cappedAt?: Readonly<Record<string, number>>;
} {
  const cut = Object.entries(lists).filter(([, [listed, all]]) => listed < all);
  return cut.length === 0 ? {} : { cappedAt: Object.fromEntries(cut.map(([name, [listed]]) => [name, listed])) };
}
