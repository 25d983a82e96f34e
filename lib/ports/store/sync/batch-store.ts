/**
 * Writes batches. Each write is one SQL statement: it either takes effect once and as a whole, or not at all. Failures of the
 * database reject with `TierUnavailable`.
 */
import type { ConsensusNs } from "../../../core/ledger/consensus-time";
import type { Position, UserId } from "../../../core/ledger/ids";
import type { Batch, NextBatch } from "../../../core/signals/batch";

/**
 * The database cannot hold the batch: a value is out of range, a constraint fails, or a row is too large. Trying again does not
 * help; a smaller batch may. Nothing of the batch was written.
 */
export class BatchRefused extends Error {
  override readonly name = "BatchRefused";
}

export interface CommittedRow {
  readonly userId: UserId;
  readonly consensusNs: ConsensusNs;
  readonly position: Position;
}

/** `rows`: the positions that the batch's rows took. */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly rows: readonly CommittedRow[] }
  | { readonly kind: "conflict" };

/** Each method rejects with `BatchRefused` if the database cannot hold the batch. */
export interface BatchStore {
  /**
   * Stores a batch and moves the topic's cursor on as it says. `conflict` if the cursor is elsewhere by now, or the topic is
   * paused.
   */
  commit(batch: NextBatch): Promise<CommitOutcome>;
  /**
   * Stores messages behind the cursor that fill a declared gap, or that replace failed or unproven messages. It compares and swaps the
   * gap's state or the entry's disposition, so a batch takes effect only once. The cursor stays.
   */
  backfill(batch: Batch): Promise<CommitOutcome>;
  /**
   * Writes messages at or behind the cursor as they are given. Stored entries and rows keep their place and position and are
   * brought up to date; missing ones are added. Counters stay right. If several restore the same messages at once, one of them
   * does; `conflict` also if the topic is paused.
   */
  restore(batch: Batch): Promise<CommitOutcome>;
}
