import "server-only";
/** Counts writes to the ledger, because each transaction costs a fee. Remembers why the last write failed. */
import type { Clock } from "../../ports/clock";
import type { SubmitError, Submitter } from "../../ports/ledger/submitter";

interface SubmitCounts {
  messages: number;
  /** One for each chunk. */
  transactions: number;
  bytes: number;
  /** Writes that the ledger refused, or whose arrival is not known. */
  errors: number;
}

/** The writes that failed since the last success. */
interface FailedWrites {
  readonly sinceMs: number;
  readonly lastMonotonicMs: number;
  /** Why the last one failed, and the topic that it was sent to. Holds nothing of the message. */
  readonly reason: string;
  readonly topicId: string;
}

/** A duplicate is no failure, because the message is on the ledger. */
type Failure = Exclude<SubmitError["code"], "duplicate">;

export interface CountedSubmitter {
  readonly submitter: Submitter | null;
  readonly counts: SubmitCounts;
  /** Ledger messages with several signals, and the signals in them. */
  readonly batches: { messages: number; signals: number };
  /** Failed writes by reason. */
  readonly failures: Readonly<Record<Failure, number>>;
  /** Null while the last write succeeded, and before the first write. */
  failing(): FailedWrites | null;
}

/** The largest piece of a message that fits a transaction. */
const CHUNK_BYTES = 1_024;

/** Counts what is written through `submitter`; null: nothing can be written. */
export function countedSubmitter(
  submitter: Submitter | null,
  clock: Pick<Clock, "now" | "monotonicMs">,
): CountedSubmitter {
  const counts: SubmitCounts = { messages: 0, transactions: 0, bytes: 0, errors: 0 };
  const failures = { refused: 0, unavailable: 0, uncertain: 0 };
  let failing: FailedWrites | null = null;
  const failed = ({ code, message }: SubmitError, topicId: string) => {
    if (code === "duplicate") return;
    counts.errors += 1;
    failures[code] += 1;
    failing = {
      sinceMs: failing?.sinceMs ?? clock.now(),
      lastMonotonicMs: clock.monotonicMs(),
      reason: message,
      topicId,
    };
  };
  const figures = { counts, batches: { messages: 0, signals: 0 }, failures, failing: () => failing };
  if (submitter === null) return { submitter, ...figures };
  return {
    ...figures,
    submitter: {
      submit: async (topicId, message, validStartNs) => {
        const sent = await submitter.submit(topicId, message, validStartNs).catch((cause: unknown) => {
          // For example, a key that cannot sign. Nothing was sent, and the next write will fail in the same way.
          const name = cause instanceof Error ? cause.name : "unknown";
          failed({ code: "refused", message: `the message could not be signed or sent (${name})` }, topicId);
          throw cause;
        });
        if (sent.ok) failing = null;
        else failed(sent.error, topicId);
        // An uncertain write may have cost its fee. A refusal costs too little to count.
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
