import type { TopicId } from "@/lib/core/ledger/ids";
import type { Submission } from "./ledger";
import { MAX_CHUNK_BYTES, type TransactionId } from "./types";

/**
 * The transactions that the SDK makes of one message: 1024 bytes each, all naming the first one's transaction id, and
 * each with chunk info, even where there is only one.
 */
export function splitMessage(topicId: TopicId, bytes: Uint8Array, initialTransactionId: TransactionId): Submission[] {
  const total = Math.max(1, Math.ceil(bytes.length / MAX_CHUNK_BYTES));
  return Array.from({ length: total }, (_, i) => ({
    topicId,
    bytes: bytes.subarray(i * MAX_CHUNK_BYTES, (i + 1) * MAX_CHUNK_BYTES),
    payer: initialTransactionId.accountId,
    chunk: { initialTransactionId, number: i + 1, total },
  }));
}
