/** Sentences about faults, for operators. */
import type { Interval } from "../sync/intervals";

/** A sentence names at most this many topics or messages, and counts the rest. */
const NAMED = 3;

/** `: reason`, or nothing if it is not known. */
export const because = (reason: string | null) => (reason === null ? "" : `: ${reason.replace(/\.$/, "")}`);

/** Leaves the reason out if it says the same as the sentence. */
export const withReason = (sentence: string, reason: string | null) =>
  reason?.toLowerCase() === sentence.toLowerCase() ? `${sentence}.` : `${sentence}${because(reason)}.`;

/** Redis answers a write with `OOM` when its memory is full and nothing may be evicted. It still answers reads. */
export const isOutOfMemory = (reason: string | null) => /\bOOM\b/.test(reason ?? "");

/** A hosted Redis refuses every command, with `QUOTA` for a code, once the plan's number of commands is used up. */
export const isUsedUp = (reason: string | null) => /\bQUOTA\b/.test(reason ?? "");

/** The sentence about a Redis that is down or refuses commands. */
export function redisDownWords(reason: string | null): string {
  if (isOutOfMemory(reason)) return "Redis is out of memory: it refuses every command that writes.";
  if (isUsedUp(reason)) return "Redis refuses every command: the plan's number of commands is used up.";
  return withReason("Redis does not answer", reason);
}

/** The sentence about a doorbell that is dead. `name`: the mirror's `host:port`. */
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

/** `Topic 0.0.7 is behind the ledger`, `2 of 4 topics are behind the ledger (0.0.7, 0.0.8)`. `behind`: at least one. */
export function behindWords(behind: readonly { readonly topicId: string }[], topics: number): string {
  const names = behind.slice(0, NAMED).map(({ topicId }) => topicId);
  if (behind.length === 1) return `Topic ${names[0]} is behind the ledger`;
  const more = behind.length > NAMED ? ", …" : "";
  return `${behind.length} of ${topics} topics are behind the ledger (${names.join(", ")}${more})`;
}

interface Rebuilt {
  readonly stored: readonly { readonly topicId: string; readonly work: "dropping" | "folding" | null }[];
  readonly topics: readonly { readonly topicId: string; readonly isSyncingAgain: boolean }[];
}

/** The sentence about topics whose answers lack something because a topic starts over; null while none does. */
export function incompleteWords(stored: Rebuilt["stored"], topics: Rebuilt["topics"]): string | null {
  const working = (work: "dropping" | "folding") =>
    stored.flatMap((topic) => (topic.work === work ? [topic.topicId] : []));
  const isWorkedOn = new Set(stored.flatMap(({ topicId, work }) => (work === null ? [] : [topicId])));
  const parts = [
    topicsThat(working("dropping"), "starts over", "start over"),
    topicsThat(working("folding"), "is folded again", "are folded again"),
    topicsThat(
      topics.flatMap(({ topicId, isSyncingAgain }) => (isSyncingAgain && !isWorkedOn.has(topicId) ? [topicId] : [])),
      "is read from the ledger again",
      "are read from the ledger again",
    ),
  ].filter((part) => part !== null);
  if (parts.length === 0) return null;
  return `Contacts, trust and profiles may be incomplete, and answers are marked stale: ${parts.join(", ")}.`;
}

/** `topic 0.0.7 starts over`, `2 topics start over (0.0.7, 0.0.8)`; null for none. */
function topicsThat(topicIds: readonly string[], does: string, theyDo: string): string | null {
  const [only] = topicIds;
  if (only === undefined) return null;
  if (topicIds.length === 1) return `topic ${only} ${does}`;
  return `${topicIds.length} topics ${theyDo} (${topicIds.slice(0, NAMED).join(", ")}${topicIds.length > NAMED ? ", …" : ""})`;
}

/** The sentence about messages that do not match the hash chain. `sequences`: the lowest of them. */
export function failedWords(topicId: string, failed: number, sequences: readonly number[]): string {
  const isOne = failed === 1;
  const which = sequences.length === 0 ? String(failed) : firstFew(sequences.map(String), failed);
  const subject =
    sequences.length === 0 ? `${which} message${isOne ? "" : "s"}` : `Message${isOne ? "" : "s"} ${which}`;
  const verbs = isOne ? ["does", "is"] : ["do", "are"];
  return `${subject} of topic ${topicId} ${verbs[0]} not match the ledger's hash chain and ${verbs[1]} kept out of every view.`;
}

/** "paused by 0.0.2 since 2026-11-23 09:30:00 UTC", as far as that is known. */
export function pausedWords({ by, sinceMs }: { readonly by: string | null; readonly sinceMs: number | null }): string {
  return `paused${by === null ? "" : ` by ${by}`}${sinceMs === null ? "" : ` since ${utcTime(sinceMs)}`}`;
}

/** To the second: `2026-11-23 09:30:00 UTC`. */
export const utcTime = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** `message 4`, or `messages 4 to 6`. */
export const messageRange = ({ from, to }: Interval) => (from === to ? `message ${from}` : `messages ${from} to ${to}`);

/** The first few of `count` items, as part of a sentence. */
export function firstFew(items: readonly string[], count: number): string {
  const shown = items.slice(0, NAMED);
  const left = count - shown.length;
  return left > 0 ? `${shown.join(", ")} and ${left} more` : shown.join(", ");
}

export const BONDING_LOOSE =
  "STRICT_BONDING is off: one accept alone makes a bond, and anybody can then see what only contacts may see.";
