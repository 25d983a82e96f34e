/** Addresses of a mirror's REST API that pass through to the configured mirrors: reads that are cheap for a mirror. */
const SUPPLY = /^(exchangerate|fees|nodes|stake|supply)$/;
/** Ids, aliases, addresses and hashes. Nothing in them can lead to another path. */
const ID = /^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$/;

/** A number or an address: never the name of a list, such as `results`. */
const NUMBER_OR_ADDRESS = /^\d[A-Za-z0-9.]{0,99}$/;

/** Explorers link each message to its transaction. To find out what an id names, they ask for it as each kind of entity. */
const PASSED: readonly (readonly RegExp[])[] = [
  [/^(accounts|balances|tokens|blocks|transactions)$/],
  [/^(accounts|tokens|blocks|transactions)$/, ID],
  [/^(contracts|schedules)$/, NUMBER_OR_ADDRESS],
  [/^network$/, SUPPLY],
  [/^accounts$/, ID, /^(nfts|rewards|tokens)$/],
  [/^tokens$/, ID, /^(balances|nfts)$/],
];

/** Whether the segments behind `/api/v1/` are such an address. */
export const isPassed = (segments: readonly string[]): boolean =>
  PASSED.some(
    (pattern) => pattern.length === segments.length && pattern.every((each, i) => each.test(segments[i] as string)),
  );
