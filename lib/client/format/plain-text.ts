/**
 * Makes one bounded line from the text of a message's members, which nobody has cleaned before. It cannot reorder or hide the
 * text around it.
 */

/**
 * Control characters, characters that are invisible or change the direction of text, and lone surrogates. The zero-width joiner
 * is allowed, because emoji need it.
 */
const UNSEEN = /(?!\u200d)\p{C}/gu;

/** One line of at most `maxCharacters`; null for a value that is not text, or has no visible text. */
export function plainText(value: unknown, maxCharacters: number): string | null {
  if (typeof value !== "string") return null;
  const text = value
    .slice(0, maxCharacters * 4)
    .replace(UNSEEN, " ")
    .replace(/\s+/gu, " ")
    .trim();
  return shortened(text, maxCharacters) || null;
}

/** The text, or its beginning with a mark that it goes on. */
export function shortened(text: string, maxCharacters: number): string {
  const characters = [...text];
  if (characters.length <= maxCharacters) return text;
  return `${characters.slice(0, maxCharacters).join("").trim()}…`;
}
