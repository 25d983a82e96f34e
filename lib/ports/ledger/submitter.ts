/**
 * Writes to the ledger. One call is one message, in as many chunks as it takes. It is never retried here: a retry is a second
 * message.
 */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { Sequence, TopicId } from "../../core/ledger/ids";
import type { Result } from "../../core/result";

/** Where a written signal stands on the ledger. */
export interface Submitted {
  readonly topicId: TopicId;
  /** The last chunk's. */
  readonly sequence: Sequence;
  /** The signal's place in its message, from 0, if that is a batch. Absent: the first, and mostly the only one. */
  readonly place?: number;
  readonly transactionId: string;
  /** The signal's time (core/signals/signal-batch), of its last chunk; null if the network did not report it in time. */
  readonly consensusNs: ConsensusNs | null;
}

/** Why it is not certain that a message was written. `message`: one sentence. */
export interface SubmitError {
  /**
   * `uncertain`: it may have reached the ledger; only a read shows. `duplicate`: the ledger has had this transaction before; a
   * read shows its result.
   */
  readonly code: "refused" | "unavailable" | "uncertain" | "duplicate";
  readonly message: string;
}

/** Writes messages to the ledger, at the operator's cost. */
export interface Submitter {
  /**
   * `validStartNs` names the transaction (core/ledger/write-window): the ledger takes it once, whoever sends it. Without it each
   * call is a transaction of its own.
   */
  submit(topicId: TopicId, message: Uint8Array, validStartNs?: bigint): Promise<Result<Submitted, SubmitError>>;
  close(): Promise<void>;
}
