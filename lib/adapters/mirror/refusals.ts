/**
 * Questions that a mirror answered with something else. Each stays open until the mirror answers it well, or until nobody asks it
 * any more. The operators' incident begins and ends with them.
 */

/** A question that is not asked again for this long was settled elsewhere: another mirror had the answer. */
const FORGOTTEN_MS = 600_000;
/** At most this many refused questions of one mirror are remembered. */
const MAX_QUESTIONS = 100;

export class Refusals {
  private readonly open = new Map<string, number>();

  get count(): number {
    return this.open.size;
  }

  /** The mirror answered `question` with something else. */
  refused(question: string, monotonicMs: number): void {
    this.open.delete(question);
    this.open.set(question, monotonicMs);
    const [oldest] = this.open.keys();
    if (this.open.size > MAX_QUESTIONS && oldest !== undefined) this.open.delete(oldest);
  }

  /** The mirror answered `question` well. True if this was the last open one. */
  answered(question: string, monotonicMs: number): boolean {
    if (this.open.size === 0) return false;
    this.open.delete(question);
    for (const [each, sinceMs] of this.open) if (monotonicMs - sinceMs >= FORGOTTEN_MS) this.open.delete(each);
    return this.open.size === 0;
  }
}
