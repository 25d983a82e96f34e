import "server-only";
import type { Clock } from "../ports/clock";
import { StoreUnavailable } from "../ports/sync-store";

/** What the database answered last, asked for again when it is older than `ttlMs`. While it does not answer, the last answer stands. */
export class Remembered<T> {
  private known: { readonly value: T; readonly readMs: number; readonly atMonotonicMs: number } | null = null;
  private reading: Promise<void> | null = null;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly ttlMs: number,
    private readonly clock: Clock,
  ) {}

  /** Null before the first answer. */
  async get(): Promise<{ readonly value: T; readonly readMs: number } | null> {
    if (this.known !== null && this.clock.monotonicMs() - this.known.atMonotonicMs < this.ttlMs) return this.known;
    this.reading ??= this.again().finally(() => {
      this.reading = null;
    });
    await this.reading;
    return this.known;
  }

  private async again(): Promise<void> {
    const readMs = this.clock.now();
    const atMonotonicMs = this.clock.monotonicMs();
    try {
      this.known = { value: await this.read(), readMs, atMonotonicMs };
    } catch (cause) {
      if (!(cause instanceof StoreUnavailable)) throw cause;
    }
  }
}
