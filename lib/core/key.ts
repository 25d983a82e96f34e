/** Keys made of several parts, for Redis, maps and limits. */

/** Stands in a key as it is: most ids do, and this is on the path of every read. */
const PLAIN = /^[\w.~-]*$/;
/** Not part of a pair, so `encodeURIComponent` refuses it. With the `u` flag pairs are one character, and do not match. */
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
