/** Through which event what this process keeps is up to date: events that it heard, and those at which it dropped everything. */
export class HeardThrough {
  /** The number of the last event that was heard, or read as the last one; null before the first. */
  last: number | null = null;
  private droppedThrough = 0;
  private readonly waiting = new Set<{ readonly sequence: number; readonly resolve: () => void }>();

  /** Takes the number of the last event; null: not known. */
  know(sequence: number | null): void {
    this.last = sequence;
    for (const each of this.waiting) {
      if (!this.covers(each.sequence)) continue;
      this.waiting.delete(each);
      each.resolve();
    }
  }

  /** Everything kept is dropped, when it is known that events through this one were published. */
  drop(sequence: number): void {
    this.droppedThrough = Math.max(this.droppedThrough, sequence);
  }

  covers(sequence: number): boolean {
    return sequence <= Math.max(this.last ?? 0, this.droppedThrough);
  }

  /** Resolves when it covers the event. */
  until(sequence: number): Promise<void> {
    return new Promise((resolve) => void this.waiting.add({ sequence, resolve }));
  }
}
