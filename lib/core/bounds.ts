/**
 * Bounds of answers, in bytes. Anybody can write to a topic, as much as they pay for, so a reader's answer and its cost must
 * not grow with the topic. A full page ends early and names its next page; a full list says that it is cut.
 */

/** The limit of one answer's JSON. A Redis value holds 900,000, so every view can be shared. */
export const MAX_ANSWER_BYTES = 800_000;
/** The limit of all messages of one page together. A page of honest messages never reaches it. */
export const MAX_READ_BYTES = 1_000_000;
/** A message longer than this is not read for a view; a message in one chunk has 1,024 bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/** Contacts and requests of one person that are looked at, bonded ones first: more than anybody knows, less than a flood of requests. */
export const MAX_EDGES = 10_000;
/** Gaps of a topic that are listed at most. */
export const MAX_GAPS = 100;

const UTF8 = new TextEncoder();

/** How many bytes a value's JSON has. */
export function jsonBytes(value: unknown): number {
  return UTF8.encode(JSON.stringify(value)).length;
}

/** The first of the items, as many as have at most so many bytes together. */
export function fitting<T>(items: readonly T[], maxBytes: number): readonly T[] {
  let left = maxBytes;
  for (const [i, item] of items.entries()) {
    left -= jsonBytes(item) + 1;
    if (left < 0) return items.slice(0, i);
  }
  return items;
}

/** How many items each cut list has; nothing where no list is cut. */
export function cappedAt(lists: Readonly<Record<string, readonly [listed: number, all: number]>>): {
  readonly cappedAt?: Readonly<Record<string, number>>;
} {
  const cut = Object.entries(lists).filter(([, [listed, all]]) => listed < all);
  return cut.length === 0 ? {} : { cappedAt: Object.fromEntries(cut.map(([name, [listed]]) => [name, listed])) };
}
