/**
 * `npm run -s topic:verify -- FILE`: checks each topic's hash chain. Prints one JSON object for each message, and a summary on
 * standard error. Ends with status 1 if a message failed.
 */
import { hash } from "node:crypto";
import { counted } from "@/lib/core/counted";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { advance, CHAIN_START, type ChainHead, verifyNext } from "@/lib/core/ledger/verify";
import { command } from "../command";
import { readMessages } from "./topic-input";

/** Sorts by topic, then by sequence, because the input may be in descending order. */
export function inChainOrder(messages: readonly LedgerMessage[]): readonly (readonly LedgerMessage[])[] {
  const topics = new Map<string, LedgerMessage[]>();
  for (const message of messages) topics.set(message.topicId, [...(topics.get(message.topicId) ?? []), message]);
  return [...topics.values()].map((topic) => topic.sort((a, b) => a.sequence - b.sequence));
}

const sha384 = (bytes: Uint8Array) => hash("sha384", bytes, "buffer");

const USAGE = `npm run -s topic:verify -- [FILE | TOPIC_ID | -]
  Checks the hash chain of each topic in a file, in standard input (- or nothing), or of a topic from the mirror in MIRROR_URL.
  Prints one JSON object for each message, with its sequence, its status (verified, unverifiable or failed) and the reason, and a
  summary on standard error. Ends with status 0, with 1 if a message failed, and with 2 if there was nothing to read.`;

void command({ usage: USAGE, words: { least: 0, most: 1 } }, async ({ words: [source] }) => {
  const topics = inChainOrder(await readMessages(source, "topic:verify"));
  const counts = { verified: 0, unverifiable: 0, failed: 0 };
  for (const topic of topics) {
    let head: ChainHead = CHAIN_START;
    let before: ChainHead = head;
    for (const message of topic) {
      // A repeated message is judged like its first copy, by its predecessor.
      if (message.sequence !== head.sequence) before = head;
      const verdict = verifyNext(sha384, before, message);
      const { verification: status, reason } = verdict;
      counts[status] += 1;
      console.log(
        JSON.stringify({
          sequence: message.sequence,
          status,
          ...(reason === null ? {} : { reason }),
          ...(topics.length > 1 ? { topicId: message.topicId } : {}),
        }),
      );
      if (message.sequence !== head.sequence) head = advance(before, message, verdict);
    }
  }
  const { verified, unverifiable, failed } = counts;
  const total = verified + unverifiable + failed;
  console.error(
    `${counted(total, "message")} of ${counted(topics.length, "topic")}: ${verified} verified, ${unverifiable} unverifiable, ${failed} failed.`,
  );
  if (failed > 0) process.exitCode = 1;
});
