/** The event through which this process's caches are up to date: it heard the events up to there, or dropped what it kept. */
export class HeardThrough {
  /** The number of the last event that was heard or read; null before the first. */
  last: number | null = null;
  private droppedThrough = 0;
  private readonly waiting = new Set<{ readonly sequence: number; readonly resolve: () => void }>();

  /** Takes the number of the last event; null if it is not known. */
  know(sequence: number | null): void {
    this.last = sequence;
    for (const each of this.waiting) {
      if (!this.covers(each.sequence)) continue;
      this.waiting.delete(each);
      each.resolve();
    }
  }

  /** The caches were dropped when events through this one were known to be published. */
  drop(sequence: number): void {
    this.droppedThrough = Math.max(this.droppedThrough, sequence);
  }

  covers(sequence: number): boolean {
    return sequence <= Math.max(this.last ?? 0, this.droppedThrough);
  }

  /** Resolves when the caches are up to date through the event. */
  until(sequence: number): Promise<void> {
    return new Promise((resolve) => void this.waiting.add({ sequence, resolve }));
  }
}
