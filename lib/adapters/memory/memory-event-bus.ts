import type { CommitEvent, EventBus, EventListener } from "../../ports/shared/event-bus";
import type { SignOut } from "../../ports/store/account-store";

/** Delivers within the process, at once and in order. */
export class MemoryEventBus implements EventBus {
  private readonly listeners = new Set<EventListener>();

  async publish(event: CommitEvent): Promise<void> {
    for (const listener of [...this.listeners]) listener.onCommit(event);
  }

  async tellMissed(): Promise<void> {
    for (const listener of [...this.listeners]) listener.onMissed();
  }

  /** Nobody else is there to tell. */
  follow(): void {}

  newEpoch(): Promise<void> {
    return this.tellMissed();
  }

  async publishSignOut(event: SignOut): Promise<void> {
    for (const listener of [...this.listeners]) listener.onSignOut?.(event);
  }

  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async lastPublished(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    this.listeners.clear();
  }
}
