/** Wrong values that a mirror could send, and the members of a message that a sweep puts them into. */

/** Values of every type, at the limits of rows, numbers and parsers and beyond them. */
export const EXTREMES: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    false,
    "",
    " ",
    "null",
    "NaN",
    "x",
    "__proto__",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\ufeff{}",
    "é",
  ],
  ...[
    0,
    -0,
    -1,
    1,
    1.5,
    2 ** 15 - 1,
    2 ** 15,
    2 ** 16,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 40,
    2 ** 53,
    3e9,
    1e21,
    -1e308,
    1e308,
  ],
  ...[
    "0",
    "-1",
    "1",
    "3",
    "1.5",
    "9223372036.854775807",
    "9223372036.854775808",
    "9223372036854775807.999999999",
    "1e3",
    "0x10",
    "1.\u0000",
  ],
  ...["0.0.2", "0.0.9999999999999999999", "0.0", "9999999999.9999999999.9223372036854775807"],
  ...["AAAA", "AAA", "A", "====", "A".repeat(64), "A".repeat(20_000), "z".repeat(20_000), "\u0000".repeat(100)],
  ...[
    [],
    {},
    [null],
    [[[[]]]],
    { "": "" },
    { constructor: 1 },
    JSON.parse('{"__proto__":{"a":1}}'),
    { toString: null, valueOf: 5 },
  ],
  Array.from({ length: 1_000 }, () => ({ a: [] })),
];

const ID = "initial_transaction_id";

/** Copies a message and sets the member at `path`. The value undefined removes the member. */
export function withMember(message: Readonly<Record<string, unknown>>, path: readonly string[], value: unknown) {
  const copy = structuredClone(message) as Record<string, unknown>;
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  const last = path.at(-1) as string;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

/** The path of every member of a mirror's message. */
export const MEMBERS: readonly (readonly string[])[] = [
  ["consensus_timestamp"],
  ["message"],
  ["payer_account_id"],
  ["running_hash"],
  ["running_hash_version"],
  ["sequence_number"],
  ["topic_id"],
  ["chunk_info"],
  ["chunk_info", "number"],
  ["chunk_info", "total"],
  ["chunk_info", ID],
  ["chunk_info", ID, "account_id"],
  ["chunk_info", ID, "nonce"],
  ["chunk_info", ID, "scheduled"],
  ["chunk_info", ID, "transaction_valid_start"],
];
