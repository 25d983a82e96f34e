/** Writes messages in the mirror's JSON. */
import { formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { LedgerMessage } from "@/lib/core/ledger/message";

const base64 = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString("base64");

/** A chunk's key becomes its transaction's valid start, so it must have that form. */
export function mirrorJson(message: LedgerMessage): Record<string, unknown> {
  const { topicId, sequence, consensusNs, payer, chunk } = message;
  return {
    chunk_info: chunk && {
      initial_transaction_id: { account_id: payer, nonce: 0, scheduled: false, transaction_valid_start: chunk.key },
      number: chunk.number,
      total: chunk.total,
    },
    consensus_timestamp: formatConsensusTime(consensusNs),
    message: base64(message.message),
    payer_account_id: payer,
    running_hash: base64(message.runningHash),
    running_hash_version: message.runningHashVersion,
    sequence_number: sequence,
    topic_id: topicId,
  };
}
