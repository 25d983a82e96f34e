import "server-only";
import type { Clock } from "../../ports/clock";
import { isTierUnavailable } from "../../ports/tier-unavailable";

/** Caches one answer of the database for `ttlMs`. While the database is down, the last answer stays. */
export class Remembered<T> {
  private known: { readonly value: T; readonly readMs: number; readonly atMonotonicMs: number } | null = null;
  private reading: Promise<void> | null = null;
  private didFail = false;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly ttlMs: number,
    private readonly clock: Clock,
  ) {}

  /** The last answer, however old; null before the first. No I/O. */
  get last(): { readonly value: T; readonly readMs: number; readonly atMonotonicMs: number } | null {
    return this.known;
  }

  /** Whether the latest read failed. */
  get isFailing(): boolean {
    return this.didFail;
  }

  /** Makes the next `get` read the database. */
  forget(): void {
    if (this.known !== null) this.known = { ...this.known, atMonotonicMs: Number.NEGATIVE_INFINITY };
  }

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
      this.didFail = false;
    } catch (cause) {
      this.didFail = true;
      if (!isTierUnavailable(cause, "postgres")) throw cause;
    }
  }
}
