import "server-only";
/** Counts what is written to the ledger: each transaction has its fee. */
import type { Submitter } from "../ports/submitter";

export interface SubmitCounts {
  messages: number;
  /** One for each chunk. */
  transactions: number;
  bytes: number;
  /** Refused, or not known to have arrived. */
  errors: number;
}

/** The largest piece of a message that fits a transaction (hedera.md §3). */
const CHUNK_BYTES = 1_024;

export function counted(submitter: Submitter | null): {
  readonly submitter: Submitter | null;
  readonly counts: SubmitCounts;
} {
  const counts: SubmitCounts = { messages: 0, transactions: 0, bytes: 0, errors: 0 };
  if (submitter === null) return { submitter, counts };
  return {
    counts,
    submitter: {
      submit: async (topicId, message) => {
        const sent = await submitter.submit(topicId, message);
        if (!sent.ok) counts.errors += 1;
        // Of what is uncertain the fee may have been paid; a refusal costs nothing worth counting.
        if (!sent.ok && sent.error.code !== "uncertain") return sent;
        counts.messages += 1;
        counts.transactions += Math.max(1, Math.ceil(message.length / CHUNK_BYTES));
        counts.bytes += message.length;
        return sent;
      },
      close: () => submitter.close(),
    },
  };
}
