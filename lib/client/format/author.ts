/** Says who stands behind a message. */
import type { Signal } from "@/lib/wire/signals";

type Author = NonNullable<Signal["author"]>;

const WORDS: Readonly<Record<Author, string>> = {
  payer: "The account that paid for it: the sender's own, or one that may write for others.",
  signature: "The sender's own key signed it. Somebody else paid for it.",
  both: "The sender's own key signed it, and the account that paid for it says the same.",
};

/** The evidence that a message is its sender's, as a sentence. */
export const authorWords = (author: Author): string => WORDS[author];
