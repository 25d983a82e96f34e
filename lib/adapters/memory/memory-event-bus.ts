import type { CommitEvent, EventBus } from "../../ports/event-bus";

/** Delivers within the process, at once and in order. */
export class MemoryEventBus implements EventBus {
  private readonly handlers = new Set<(event: CommitEvent) => void>();

  async publish(event: CommitEvent): Promise<void> {
    for (const handler of [...this.handlers]) handler(event);
  }

  subscribe(handler: (event: CommitEvent) => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }
}
