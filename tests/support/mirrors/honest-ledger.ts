/** A correct ledger, on the test's clock. Its mirrors may be wrong, so tests compare answers with the ledger itself. */
import type { DevnetMessage } from "@/lib/devnet/ledger/types";
import { chainOf, OPERATOR } from "./chain";

interface Written {
  readonly body: unknown;
  readonly consensusNs: bigint;
}

export class HonestLedger {
  /** By topic, in the order of consensus time. */
  private readonly bodies = new Map<string, Written[]>();
  private readonly chains = new Map<string, readonly DevnetMessage[]>();
  private lastNs = 0n;

  constructor(private readonly nowMs: () => number) {}

  /** Appends a message with the present time. */
  write(topicId: string, body: unknown): void {
    const nowNs = this.nowNs();
    const consensusNs = nowNs > this.lastNs ? nowNs : this.lastNs + 1n;
    this.lastNs = consensusNs;
    const bodies = this.bodies.get(topicId) ?? [];
    bodies.push({ body, consensusNs });
    this.bodies.set(topicId, bodies);
    this.chains.delete(topicId);
  }

  /** End of the newest block. All later messages get a later time. */
  headNs(): bigint {
    const nowNs = this.nowNs();
    if (nowNs > this.lastNs) this.lastNs = nowNs;
    return this.lastNs;
  }

  /** Number of a topic's messages up to and including a time. */
  count(topicId: string, throughNs: bigint): number {
    return (this.bodies.get(topicId) ?? []).filter(({ consensusNs }) => consensusNs <= throughNs).length;
  }

  /** A topic's messages up to and including a time, with their running hashes. */
  chain(topicId: string, throughNs: bigint): readonly DevnetMessage[] {
    const chain = this.chains.get(topicId) ?? this.hashed(topicId);
    this.chains.set(topicId, chain);
    return chain.filter(({ consensusNs }) => consensusNs <= throughNs);
  }

  private hashed(topicId: string): readonly DevnetMessage[] {
    return chainOf(topicId, this.bodies.get(topicId) ?? []).map((message) => ({
      ...message,
      ...{ payer: OPERATOR, bytes: message.message, chunk: null },
    }));
  }

  private nowNs(): bigint {
    return BigInt(this.nowMs()) * 1_000_000n;
  }
}
