/**
 * Requests that a mirror answered with something else. Each stays open until the mirror answers it well, or until nobody asks it
 * any more. The operators' incident begins and ends with them.
 */

/** A request that is not sent again for this long was settled elsewhere: another mirror had the answer. */
const FORGOTTEN_MS = 600_000;
/** At most this many refused requests of one mirror are remembered. */
const MAX_REQUESTS = 100;

export class Refusals {
  private readonly open = new Map<string, number>();

  get count(): number {
    return this.open.size;
  }

  /** The mirror answered `request` with something else. */
  refused(request: string, monotonicMs: number): void {
    this.open.delete(request);
    this.open.set(request, monotonicMs);
    const [oldest] = this.open.keys();
    if (this.open.size > MAX_REQUESTS && oldest !== undefined) this.open.delete(oldest);
  }

  /** The mirror answered `request` well. True if this was the last open one. */
  answered(request: string, monotonicMs: number): boolean {
    if (this.open.size === 0) return false;
    this.open.delete(request);
    for (const [each, sinceMs] of this.open) if (monotonicMs - sinceMs >= FORGOTTEN_MS) this.open.delete(each);
    return this.open.size === 0;
  }
}
