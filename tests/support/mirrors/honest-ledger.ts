/** The ledger, by the test's clock. Mirrors of it may be wrong; tests compare answers with the ledger itself. */
import type { LedgerMessage } from "@/lib/devnet/ledger/types";
import { chainOf, OPERATOR } from "./chain";

interface Written {
  readonly body: unknown;
  readonly consensusNs: bigint;
}

export class HonestLedger {
  /** By topic, in the order of consensus time. */
  private readonly bodies = new Map<string, Written[]>();
  private readonly chains = new Map<string, readonly LedgerMessage[]>();
  private lastNs = 0n;

  constructor(private readonly nowMs: () => number) {}

  /** Puts a message onto the ledger, now. */
  write(topicId: string, body: unknown): void {
    const nowNs = this.nowNs();
    const consensusNs = nowNs > this.lastNs ? nowNs : this.lastNs + 1n;
    this.lastNs = consensusNs;
    const bodies = this.bodies.get(topicId) ?? [];
    bodies.push({ body, consensusNs });
    this.bodies.set(topicId, bodies);
    this.chains.delete(topicId);
  }

  /** The end of its newest block. Messages from now on are later than everything that was told. */
  headNs(): bigint {
    const nowNs = this.nowNs();
    if (nowNs > this.lastNs) this.lastNs = nowNs;
    return this.lastNs;
  }

  /** How many messages of a topic it has through a time. */
  count(topicId: string, throughNs: bigint): number {
    return (this.bodies.get(topicId) ?? []).filter(({ consensusNs }) => consensusNs <= throughNs).length;
  }

  /** The messages of a topic through a time, with their running hashes. */
  chain(topicId: string, throughNs: bigint): readonly LedgerMessage[] {
    const chain = this.chains.get(topicId) ?? this.hashed(topicId);
    this.chains.set(topicId, chain);
    return chain.filter(({ consensusNs }) => consensusNs <= throughNs);
  }

  private hashed(topicId: string): readonly LedgerMessage[] {
    return chainOf(topicId, this.bodies.get(topicId) ?? []).map((message) => ({
      ...message,
      ...{ payer: OPERATOR, bytes: message.message, chunk: null },
    }));
  }

  private nowNs(): bigint {
    return BigInt(this.nowMs()) * 1_000_000n;
  }
}
