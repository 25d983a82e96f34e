/** Messages in the mirror's JSON, each encoded once: a page of a hundred is then little more than a join. */
import { formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { DevnetMessage } from "../ledger/types";

const encoded = new WeakMap<DevnetMessage, string>();

/** The mirror's own JSON text of a message, base64. */
export function messageJson(message: DevnetMessage): string {
  if (message.recordedJson !== undefined) return message.recordedJson;
  let json = encoded.get(message);
  if (json === undefined) {
    json = JSON.stringify(messageObject(message));
    encoded.set(message, json);
  }
  return json;
}

/** The same as a value, for answers that differ from the ordinary one. */
export function messageObject(message: DevnetMessage): Record<string, unknown> {
  if (message.recordedJson !== undefined) return JSON.parse(message.recordedJson);
  const { chunk } = message;
  return {
    chunk_info: chunk && {
      initial_transaction_id: {
        account_id: chunk.initialTransactionId.accountId,
        nonce: chunk.initialTransactionId.nonce,
        scheduled: chunk.initialTransactionId.scheduled,
        transaction_valid_start: formatConsensusTime(chunk.initialTransactionId.validStartNs),
      },
      number: chunk.number,
      total: chunk.total,
    },
    consensus_timestamp: formatConsensusTime(message.consensusNs),
    message: Buffer.from(message.bytes).toString("base64"),
    payer_account_id: message.payer,
    running_hash: message.runningHash && Buffer.from(message.runningHash).toString("base64"),
    running_hash_version: message.runningHashVersion,
    sequence_number: message.sequence,
    topic_id: message.topicId,
  };
}
