/** Keys made of several parts, for Redis, maps and limits. */

/** Parts like this stand in a key unchanged. Most ids are like this, and every read makes a key. */
const PLAIN = /^[\w.~-]*$/;
/**
 * A surrogate without its partner, which `encodeURIComponent` refuses. With the `u` flag a pair is one character and does not
 * match.
 */
const LONE_SURROGATE = /([\ud800-\udfff])/u;

const encoded = (part: string) => (PLAIN.test(part) ? part : part.split(LONE_SURROGATE).map(piece).join(""));
const piece = (text: string) =>
  LONE_SURROGATE.test(text) ? `%u${text.charCodeAt(0).toString(16)}` : encodeURIComponent(text);

/**
 * One key for these parts. Two different lists of parts never give the same key, so nobody can choose an id or a name that
 * reads as another user's key.
 *
 * @example keyOf("submit", "tm-x:y", "k1") // "submit:tm-x%3Ay:k1"
 */
export function keyOf(first: string | number, ...rest: readonly (string | number)[]): string {
  let key = encoded(String(first));
  for (const part of rest) key += `:${encoded(String(part))}`;
  return key;
}

/**
 * Makes keys whose first parts are always these, and checks those once.
 *
 * @example keysUnder("limit", "read")("tm-x") // keyOf("limit", "read", "tm-x")
 */
export function keysUnder(...first: readonly [string, ...string[]]): (last: string) => string {
  const beginning = keyOf(...first);
  return (last) => `${beginning}:${encoded(last)}`;
}

/**
 * A part that decides alone where Redis Cluster keeps a key: keys with the same hash tag share a slot, and a script may touch
 * them together. `keyOf` writes no brace, so no other part can be taken for a tag. It stands between parts of a key.
 *
 * @example `tm:${hashTag("testnet", 17)}:${keyOf("0.0.5", "contacts")}` // "tm:{testnet:17}:0.0.5:contacts"
 */
export function hashTag(first: string | number, ...rest: readonly (string | number)[]): string {
  return `{${keyOf(first, ...rest)}}`;
}
