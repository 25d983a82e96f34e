/** The reason of a fault as a part of a sentence for operators. */

/** `: reason`, or nothing if it is not known. */
export const because = (reason: string | null) => (reason === null ? "" : `: ${reason.replace(/\.$/, "")}`);

/** Leaves the reason out if it says the same as the sentence. */
export const withReason = (sentence: string, reason: string | null) =>
  reason?.toLowerCase() === sentence.toLowerCase() ? `${sentence}.` : `${sentence}${because(reason)}.`;

/** Redis answers a write with `OOM` when its memory is full and nothing may be evicted. It still answers reads. */
export const isOutOfMemory = (reason: string | null) => /\bOOM\b/.test(reason ?? "");

/** The sentence about a Redis that is down or refuses commands. */
export const redisDownWords = (reason: string | null) =>
  isOutOfMemory(reason)
    ? "Redis is out of memory: it refuses every command that writes."
    : withReason("Redis does not answer", reason);

export const doorbellDownWords = (name: string, reason: string): string =>
  `Mirror ${name} does not tell when topics move${because(reason)}. Open pages poll instead.`;

/** `waiting`: the number of signed messages that nobody sees. */
export function keysUnknownWords(reason: string, waiting: number): string {
  const what =
    waiting === 1
      ? "1 signed message waits, and nobody sees it"
      : `${waiting === 0 ? "Signed" : `${waiting} signed`} messages wait, and nobody sees them`;
  return `No mirror says which key an account had at a time${because(reason)}. ${what}.`;
}
