/** `npm run -s topic:verify -- FILE`: walks each topic's hash chain and prints one JSON object for each message. */
import { hash } from "node:crypto";
import { advance, CHAIN_START, type ChainHead, verifyNext } from "@/lib/core/verify";
import type { LedgerMessage } from "@/lib/ports/ledger";
import { command, readMessages } from "./topic-input";

/** By topic, then by sequence: a mirror may have been asked in falling order. */
export function inChainOrder(messages: readonly LedgerMessage[]): readonly (readonly LedgerMessage[])[] {
  const topics = new Map<string, LedgerMessage[]>();
  for (const message of messages) topics.set(message.topicId, [...(topics.get(message.topicId) ?? []), message]);
  return [...topics.values()].map((topic) => topic.sort((a, b) => a.sequence - b.sequence));
}

const sha384 = (bytes: Uint8Array) => hash("sha384", bytes, "buffer");

void command(async () => {
  const topics = inChainOrder(await readMessages(process.argv[2], "topic:verify"));
  for (const topic of topics) {
    let head: ChainHead = CHAIN_START;
    let before: ChainHead = head;
    for (const message of topic) {
      // A repeated message is judged like its first copy, by what came before it.
      if (message.sequence !== head.sequence) before = head;
      const verdict = verifyNext(sha384, before, message);
      const { verification: status, reason } = verdict;
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
});
