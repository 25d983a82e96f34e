/** The outcome of each transaction: for receipts and records, and so that none takes effect twice. */
import type { proto } from "@hiero-ledger/proto";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import { type TransactionId, transactionKey } from "../ledger/types";

export interface Outcome {
  readonly transactionId: TransactionId;
  readonly consensusNs: ConsensusNs;
  readonly receipt: proto.ITransactionReceipt;
  readonly hash: Uint8Array;
  readonly memo: string;
  readonly feeTinybars: number;
}

/** A network keeps receipts for three minutes. Here they only make room for newer ones. */
const KEPT_OUTCOMES = 20_000;

export class Outcomes {
  readonly #byKey = new Map<string, Outcome>();

  has(id: TransactionId): boolean {
    return this.#byKey.has(transactionKey(id));
  }

  find(id: TransactionId): Outcome | undefined {
    return this.#byKey.get(transactionKey(id));
  }

  keep(outcome: Outcome): void {
    this.#byKey.set(transactionKey(outcome.transactionId), outcome);
    if (this.#byKey.size <= KEPT_OUTCOMES) return;
    const [oldest] = this.#byKey.keys();
    if (oldest !== undefined) this.#byKey.delete(oldest);
  }
}
