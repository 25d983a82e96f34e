import { formatConsensusTime } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import type { LogEntry } from "../../core/signals/batch";

const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

/** A stored message in a mirror's JSON, member for member (docs/hedera.md §1). */
export function messageJson(topicId: TopicId, entry: LogEntry, isUtf8 = false): string {
  const { consensusNs, message, payer, runningHash, runningHashVersion, sequence } = entry;
  const rest = {
    consensus_timestamp: formatConsensusTime(consensusNs),
    message: isUtf8 ? Buffer.from(message).toString("utf8") : base64(message),
    payer_account_id: payer,
    running_hash: runningHash && base64(runningHash),
    running_hash_version: runningHashVersion,
    sequence_number: sequence,
    topic_id: topicId,
  };
  return `{"chunk_info":${chunkInfoOf(entry)},${JSON.stringify(rest).slice(1)}`;
}

/** Earlier versions stored only the key of a group of chunks: payer, account, valid start, nonce and scheduled flag. */
function chunkInfoOf({ chunkInfo, chunk }: LogEntry): string {
  if (chunkInfo !== undefined) return chunkInfo ?? "null";
  const [, account_id = "", transaction_valid_start, nonce, scheduled] = chunk?.key.split("|") ?? [];
  if (chunk === null || scheduled === undefined) return "null";
  const initial_transaction_id = {
    ...{ account_id: account_id === "" ? null : account_id, nonce: Number(nonce), scheduled: scheduled === "true" },
    transaction_valid_start,
  };
  return JSON.stringify({ initial_transaction_id, number: chunk.number, total: chunk.total });
}
