/** Makes strangers' text safe to show: nothing in it is hidden, and nothing reorders the text around it. */

/** Enough for any honest message. The ledger also holds longer ones. */
const MAX_CHARACTERS = 4_000;

/** Control characters and characters that change the direction of text. They are shown as their code. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu;

/** The text with unseen characters shown as their codes, cut after 4,000 characters. */
export function harmlessText(text: string): string {
  const shown = text.replace(UNSEEN, (char) =>
    char === "\n" ? char : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
  return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS)}\n… cut` : shown;
}

/** Any value as JSON that is safe to show. */
export const harmless = (value: unknown): string => harmlessText(JSON.stringify(value, null, 2) ?? "");
