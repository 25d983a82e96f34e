import type { BusEvent, EventBus, EventListener, MissedReason, TellReason } from "../../ports/shared/event-bus";

/** The bus of a single process. It delivers at once and in order. */
export class MemoryEventBus implements EventBus {
  private readonly listeners = new Set<EventListener>();

  async publish(event: BusEvent): Promise<void> {
    for (const listener of [...this.listeners]) listener.onEvent?.(event);
  }

  async publishMissed(_: unknown = null, reason: TellReason = "unpublished"): Promise<void> {
    this.miss(reason);
  }

  async lastPublished(): Promise<null> {
    return null;
  }

  async newEpoch(): Promise<void> {
    this.miss("epoch");
  }

  /** There is no other instance to learn from. */
  follow(): void {}

  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.listeners.clear();
  }

  private miss(reason: MissedReason): void {
    for (const listener of [...this.listeners]) listener.onMissed?.(reason);
  }
}
