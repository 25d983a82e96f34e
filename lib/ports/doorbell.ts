/**
 * A mirror's notice that a topic has moved. It is only a hint: messages come through the ledger port, which checks them
 * (ports/ledger/ledger.ts). Nothing is called fresh because a doorbell was silent.
 */
import type { ConsensusNs } from "../core/ledger/consensus-time";
import type { TopicId } from "../core/ledger/ids";

/** The place of a message that the mirror has. The answer of a mirror does not name its topic. */
export interface Ring {
  readonly sequence: number;
  readonly consensusNs: ConsensusNs;
  /** The running hash that the mirror claims; null for none. */
  readonly runningHash: Uint8Array | null;
}

/** Hears of a subscription's messages and of its end. */
export interface BellListener {
  /** Called for each message, in the order in which the mirror sends them. */
  onRing(ring: Ring): void;
  /** The subscription has ended by itself: no ring follows. `reason` is part of a sentence, without addresses. Called once at most. */
  onEnd(reason: string): void;
}

/** An open subscription. */
export interface Bell {
  /** Ends it. Neither a ring nor an end is reported after this. */
  close(): void;
}

/** A mirror's gRPC server. It tells of new messages, and what it tells is never stored. */
export interface Doorbell {
  /** The mirror's address as operators may see it: `host:port`. */
  readonly name: string;
  /**
   * Subscribes to a topic's messages from `fromNs` on, the message of that very time included. Sends one request. It never
   * tries again by itself. Reports nothing before it has returned.
   */
  subscribe(topicId: TopicId, fromNs: ConsensusNs, listener: BellListener): Bell;
  /** Closes every connection. Open subscriptions end without a report. */
  close(): void;
}
