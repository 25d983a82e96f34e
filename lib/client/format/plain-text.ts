/** Text of a message's own members, which nobody has cleaned on the way: one bounded line that cannot turn or hide what is around it. */

/** Controls, characters that turn the direction of text or show nothing, lone surrogates. The joiner makes emoji. */
const UNSEEN = /(?!\u200d)\p{C}/gu;

export function plainText(value: unknown, maxCharacters: number): string | null {
  if (typeof value !== "string") return null;
  const text = value
    .slice(0, maxCharacters * 4)
    .replace(UNSEEN, " ")
    .replace(/\s+/gu, " ")
    .trim();
  return [...text].slice(0, maxCharacters).join("").trim() || null;
}
