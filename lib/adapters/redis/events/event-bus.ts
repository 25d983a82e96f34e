/**
 * Events to every instance, over one channel of Redis. One channel is enough: an instance keeps views and streams of any user, so
 * it would listen to every channel there is. On one channel all events have one order, so Redis numbers them (subscriber.ts).
 *
 *   publish    tells the local listeners; then one script expires views, raises the cursor, numbers the event and publishes it
 *   Redis has lost an event that is known here (history.ts) → start over: expire everything, go on above the known number
 *   a publication failed → believe no view in Redis until everything was expired (publisher.ts)
 */
import type { TopicId, UserId } from "../../../core/ledger/ids";
import type { BusEvent, EventBus, EventListener, MissedReason, TellReason } from "../../../ports/shared/event-bus";
import type { StoreStamp } from "../../../ports/store/store-stamp";
import { LAST_PUBLISHED } from "./event-scripts";
import { Publisher, type PublisherOptions } from "./publisher";
import { Subscriber, type SubscriberOptions } from "./subscriber";

export type RedisEventBusOptions = PublisherOptions & SubscriberOptions;

/** Counts since the start. */
export interface EventBusStats {
  readonly isConnected: boolean;
  readonly connections: number;
  readonly published: number;
  /** From other instances. */
  readonly received: number;
  /** How often listeners were told that they may have missed something. */
  readonly missed: number;
  /** How often this instance noticed that Redis had lost events. */
  readonly wentBack: number;
}

export class RedisEventBus implements EventBus {
  private readonly listeners = new Set<EventListener>();
  private readonly publisher: Publisher;
  private readonly subscriber: Subscriber;
  private missed = 0;
  private wentBack = 0;

  constructor(private readonly options: RedisEventBusOptions) {
    this.publisher = new Publisher(options);
    this.subscriber = new Subscriber(options, {
      onEvent: (event) => this.tell(event),
      onMissed: (reason) => this.miss(reason),
    });
    options.history.onWentBack = () => this.goneBack();
    options.history.onEpoch = (epoch) => {
      for (const listener of [...this.listeners]) listener.onEpoch?.(epoch);
    };
  }

  async publish(event: BusEvent): Promise<void> {
    this.tell(event);
    this.subscriber.expect(await this.publisher.publish(event));
  }

  async publishMissed(
    through: { readonly topicId: TopicId; readonly cursor: number } | null,
    reason: TellReason = "unpublished",
  ): Promise<void> {
    for (const listener of [...this.listeners]) listener.onMissed?.(reason);
    this.subscriber.expect(await this.publisher.publishMissed(through));
  }

  /** See Publisher.settled. */
  settled(userId: UserId): Promise<void> {
    return this.publisher.settled(userId);
  }

  /** See Subscriber.hear. Without listeners nothing is kept that could be outdated. */
  async hear(sequence: number): Promise<void> {
    if (this.listeners.size > 0) await this.subscriber.hear(sequence);
    else this.subscriber.expect(sequence);
  }

  async lastPublished(topicId: TopicId): Promise<number> {
    const { client, keys } = this.options;
    const { published, sequence: lastEvent } = keys.everybody;
    const answer = await client.eval("cursor", LAST_PUBLISHED, [published, lastEvent], [topicId]);
    const [cursor, sequence] = Array.isArray(answer) ? (answer as unknown[]) : [];
    // The commit was published, and maybe not heard here yet.
    await this.hear(Number(sequence));
    // A Redis that knows no cursor counts as "nothing was published". After a loss that is true; otherwise it costs one reload
    // too many.
    return Number(cursor);
  }

  async newEpoch(epoch: number): Promise<void> {
    this.miss("epoch");
    if (!this.options.history.learnEpoch(epoch)) return;
    // Redis is in an earlier epoch now. If it cannot be told so now, the next command that it answers shows the difference.
    await this.publisher.startOver();
  }

  follow(stamp: StoreStamp): void {
    this.options.history.store = stamp;
  }

  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    this.subscriber.start();
    return () => this.listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.listeners.clear();
    await Promise.all([this.subscriber.close(), this.publisher.idle()]);
  }

  stats(): EventBusStats {
    const { isConnected, counts } = this.subscriber;
    const { missed, wentBack } = this;
    return { isConnected, ...counts, published: this.publisher.published, missed, wentBack };
  }

  private tell(event: BusEvent): void {
    for (const listener of [...this.listeners]) listener.onEvent?.(event);
  }

  private miss(reason: MissedReason): void {
    this.missed += 1;
    for (const listener of [...this.listeners]) listener.onMissed?.(reason);
  }

  private goneBack(): void {
    if (this.publisher.isStartingOver) return;
    this.wentBack += 1;
    this.miss("lost");
    for (const listener of [...this.listeners]) listener.onWentBack?.();
    void this.publisher.startOver();
  }
}
