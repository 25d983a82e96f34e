/** Text of strangers, made so that it can be shown: nothing in it is hidden, and nothing reorders what is around it. */

/** Enough for any honest message; the ledger also holds others. */
const MAX_CHARACTERS = 4_000;

/** Controls and characters that turn the direction of text: shown as their code, so that nothing is hidden or reversed. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu;

export function harmlessText(text: string): string {
  const shown = text.replace(UNSEEN, (char) =>
    char === "\n" ? char : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
  return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS)}\n… cut` : shown;
}

/** Any value as JSON that can be shown. */
export const harmless = (value: unknown): string => harmlessText(JSON.stringify(value, null, 2) ?? "");
