import type { BusEvent, EventBus, EventListener } from "../../ports/shared/event-bus";

/** The bus of a single process. It delivers at once and in order. */
export class MemoryEventBus implements EventBus {
  private readonly listeners = new Set<EventListener>();

  async publish(event: BusEvent): Promise<void> {
    for (const listener of [...this.listeners]) listener.onEvent?.(event);
  }

  async publishMissed(): Promise<void> {
    for (const listener of [...this.listeners]) listener.onMissed?.();
  }

  async lastPublished(): Promise<null> {
    return null;
  }

  newEpoch(): Promise<void> {
    return this.publishMissed();
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
}
