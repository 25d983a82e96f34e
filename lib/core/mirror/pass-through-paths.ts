/** Addresses of a mirror's REST API that pass through to the configured mirrors: reads that are cheap for a mirror. */
const SUPPLY = /^(exchangerate|fees|nodes|stake|supply)$/;
/** Ids, aliases, addresses and hashes. Nothing in them can lead to another path. */
const ID = /^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$/;

/** A number or an address: never the name of a list, such as `results`. */
const NUMBER_OR_ADDRESS = /^\d[A-Za-z0-9.]{0,99}$/;

type Pattern = readonly RegExp[];

/** Explorers link each message to its transaction. To find out what an id names, they ask for it as each kind of entity. */
const PASSED: readonly Pattern[] = [
  [/^(accounts|balances|tokens|blocks|transactions)$/],
  [/^(accounts|tokens|blocks|transactions)$/, ID],
  [/^(contracts|schedules)$/, NUMBER_OR_ADDRESS],
  [/^network$/, SUPPLY],
  [/^accounts$/, ID, /^(nfts|rewards|tokens)$/],
  [/^tokens$/, ID, /^(balances|nfts)$/],
];

/** Addresses of topics have routes of their own, which answer for the topics that are kept here. The others are passed on. */
const OF_TOPICS: readonly Pattern[] = [
  [/^topics$/, NUMBER_OR_ADDRESS],
  [/^topics$/, NUMBER_OR_ADDRESS, /^messages$/],
  [/^topics$/, NUMBER_OR_ADDRESS, /^messages$/, ID],
  [/^topics$/, /^messages$/, ID],
];

const matching = (patterns: readonly Pattern[], segments: readonly string[]): Pattern | undefined =>
  patterns.find(
    (pattern) => pattern.length === segments.length && pattern.every((each, i) => each.test(segments[i] as string)),
  );

/** Whether the segments behind `/api/v1/` are an address that passes through, and no topic's. */
export const isPassed = (segments: readonly string[]): boolean => matching(PASSED, segments) !== undefined;

/**
 * The address with `*` for an id. Null for an address that nothing passes on. There are 25 shapes.
 *
 * @example shapeOf(["accounts", "0.0.5"]) // "accounts/*"
 */
export function shapeOf(segments: readonly string[]): string | null {
  const pattern = matching([...PASSED, ...OF_TOPICS], segments);
  if (pattern === undefined) return null;
  return pattern.map((each, i) => (each === ID || each === NUMBER_OR_ADDRESS ? "*" : segments[i])).join("/");
}
