import "server-only";
/** Beginnings of messages, for operators. Anybody can have written their text. */
import { cleanText } from "../../core/signals/text";

/**
 * The first `maxCharacters` of a text, without characters that reorder or hide others. It ends with `…` if the message goes on:
 * after them, or after the text itself (`isWhole` false).
 */
export function excerptOf(text: string, maxCharacters: number, isWhole: boolean): string {
  const beginning = cleanText(text, maxCharacters) ?? "";
  return isWhole && beginning === (cleanText(text, text.length) ?? "") ? beginning : `${beginning}…`;
}
