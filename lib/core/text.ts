/**
 * Text from the ledger is anybody's: it is bounded and stripped of what could reorder, hide or break what is around it.
 */

/** Controls, format characters (bidi overrides, zero width), lone surrogates, private use and unassigned code points. */
const UNSAFE = /[\p{C}]/gu;

/** Zero-width joiner and variation selectors make emoji; the joiner is the one format character worth keeping. */
const keepJoiner = (character: string) => (character === "\u200d" ? character : " ");

/** A character that shows by itself: no space, no combining mark, no joiner. */
const VISIBLE = /[^\s\p{M}\u200d]/u;

/** One line of harmless text of at most `maxCharacters` code points, or null where there is none. */
export function cleanText(value: unknown, maxCharacters: number): string | null {
  if (typeof value !== "string") return null;
  // Four UTF-16 units a character is more than enough, and bounds the work on a hostile 20 KB name.
  const head = value.slice(0, maxCharacters * 4);
  const text = head.toWellFormed().replace(UNSAFE, keepJoiner).replace(/\s+/gu, " ").trim();
  const bounded = text.length <= maxCharacters ? text : [...text].slice(0, maxCharacters).join("").trim();
  return VISIBLE.test(bounded) ? bounded : null;
}
