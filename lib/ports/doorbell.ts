/**
 * Doorbells: subscriptions by which a mirror tells that a topic has a new message. A ring is only a hint. The message itself comes
 * through the ledger port (ports/ledger/ledger.ts), and is checked. A silent doorbell makes nothing fresh.
 */
import type { ConsensusNs } from "../core/ledger/consensus-time";
import type { TopicId } from "../core/ledger/ids";

/** A new message's place. A ring does not name the topic, which is the subscription's. */
export interface Ring {
  readonly sequence: number;
  readonly consensusNs: ConsensusNs;
  /** The running hash that the mirror claims; null for none. */
  readonly runningHash: Uint8Array | null;
}

/** The functions that a subscription calls for its messages and at its end. */
export interface SubscriptionListener {
  /** Called for each message, in the order in which the mirror sends them. */
  onRing(ring: Ring): void;
  /** The subscription has ended by itself: no ring follows. `reason` is part of a sentence, without addresses. Called once at most. */
  onEnd(reason: string): void;
}

/** An open subscription to one topic. */
export interface Subscription {
  /** Ends it. Neither a ring nor an end is reported after this. */
  close(): void;
}

/** Opens subscriptions at a mirror's gRPC server. What they report is never stored. */
export interface Doorbell {
  /** The mirror's address as operators may see it: `host:port`. */
  readonly name: string;
  /**
   * Subscribes to a topic's messages from `fromNs` on, the message of that very time included. Sends one request, and never tries
   * again by itself. Calls `listener` only after it has returned.
   */
  subscribe(topicId: TopicId, fromNs: ConsensusNs, listener: SubscriptionListener): Subscription;
  /** Closes every connection. Open subscriptions end without a report. */
  close(): void;
}
