/** Addresses of a mirror's REST API that pass through to the configured mirrors: reads that are cheap for a mirror. */
const SUPPLY = /^(exchangerate|fees|nodes|stake|supply)$/;
/** Ids, aliases, addresses and hashes. Nothing in them can lead to another path. */
const ID = /^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$/;

const PASSED: readonly (readonly RegExp[])[] = [
  [/^(accounts|balances|tokens|blocks)$/],
  [/^(accounts|tokens|blocks)$/, ID],
  [/^network$/, SUPPLY],
  [/^accounts$/, ID, /^(nfts|rewards|tokens)$/],
  [/^tokens$/, ID, /^(balances|nfts)$/],
];

/** Whether the segments behind `/api/v1/` are such an address. */
export const isPassed = (segments: readonly string[]): boolean =>
  PASSED.some(
    (pattern) => pattern.length === segments.length && pattern.every((each, i) => each.test(segments[i] as string)),
  );
