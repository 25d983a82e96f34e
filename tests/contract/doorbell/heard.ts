/** A listener that keeps what it hears, and waits for it. */
import type { Ring, SubscriptionListener } from "@/lib/ports/doorbell";

export class Heard implements SubscriptionListener {
  readonly rings: Ring[] = [];
  readonly ends: string[] = [];
  private waiting: (() => void)[] = [];

  onRing(ring: Ring): void {
    this.rings.push(ring);
    this.wake();
  }

  onEnd(reason: string): void {
    this.ends.push(reason);
    this.wake();
  }

  get sequences(): readonly number[] {
    return this.rings.map(({ sequence }) => sequence);
  }

  async until(isSo: (heard: Heard) => boolean): Promise<void> {
    while (!isSo(this)) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private wake(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }
}
