/** A doorbell of a devnet without gRPC. It rings as an honest mirror does, until a test makes it do something else. */
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { Devnet } from "@/lib/devnet/devnet";
import type { Doorbell, Ring, Subscription, SubscriptionListener } from "@/lib/ports/doorbell";

interface Subscribed {
  readonly topicId: TopicId;
  readonly fromNs: ConsensusNs;
  readonly listener: SubscriptionListener;
}

/** `never`: silent from the first message on. `deaf`: rings for what is there, and for nothing that comes. */
export type Manner = "honest" | "never" | "deaf" | "refuses";

export class StandInDoorbell implements Doorbell {
  readonly name = "mirror.test:5600";
  manner: Manner = "honest";
  /** Subscriptions that were asked for so far. */
  asked = 0;
  isClosed = false;
  private readonly open = new Set<Subscribed>();

  constructor(private readonly ledger: Pick<Devnet["ledger"], "topics" | "onMessage">) {
    ledger.onMessage(({ topicId, ...message }) => {
      if (this.manner === "honest") this.ring(topicId, { ...message });
    });
  }

  /** The topics that have a subscription, in order. */
  get topics(): readonly TopicId[] {
    return [...this.open].map(({ topicId }) => topicId).sort();
  }

  subscribe(topicId: TopicId, fromNs: ConsensusNs, listener: SubscriptionListener): Subscription {
    this.asked += 1;
    const subscription = { topicId, fromNs, listener };
    this.open.add(subscription);
    queueMicrotask(() => this.begin(subscription));
    return { close: () => void this.open.delete(subscription) };
  }

  /** Rings all subscriptions of a topic for a message, which the ledger may not have. */
  ring(topicId: TopicId, { sequence, consensusNs, runningHash }: Ring): void {
    for (const { listener } of this.of(topicId)) listener.onRing({ sequence, consensusNs, runningHash });
  }

  /** Ends all subscriptions of a topic, or of all topics. */
  end(reason: string, topicId?: TopicId): void {
    for (const subscription of topicId === undefined ? [...this.open] : this.of(topicId)) {
      this.open.delete(subscription);
      subscription.listener.onEnd(reason);
    }
  }

  close(): void {
    this.isClosed = true;
    this.open.clear();
  }

  private of(topicId: TopicId): readonly Subscribed[] {
    return [...this.open].filter((subscription) => subscription.topicId === topicId);
  }

  private begin(subscription: Subscribed): void {
    const { topicId, fromNs, listener } = subscription;
    if (this.manner === "refuses") this.end("the mirror cannot be reached by gRPC", topicId);
    if (this.manner === "refuses" || this.manner === "never") return;
    for (const { sequence, consensusNs, runningHash } of this.ledger.topics.get(topicId)?.messages ?? [])
      if (consensusNs >= fromNs && this.open.has(subscription)) listener.onRing({ sequence, consensusNs, runningHash });
  }
}
