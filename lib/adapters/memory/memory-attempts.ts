import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import type { Clock } from "../../ports/clock";
import type { Attempt } from "../../ports/shared/hot-cache";

interface Stored {
  readonly digest: string;
  /** Null while it runs. */
  readonly answer: string | null;
  readonly untilMs: number;
}

/** Attempts of this process. Beyond `maxKeys` the least recently used ones are dropped. */
export class MemoryAttempts {
  private readonly stored: LRUCache<string, Stored>;

  constructor(
    private readonly clock: Clock,
    maxKeys: number,
  ) {
    this.stored = new LRUCache(atMostEntries(maxKeys));
  }

  /** The attempt under a key; null if there is none. */
  known(key: string, digest: string): Exclude<Attempt, { kind: "first" }> | null {
    const found = this.stored.get(key);
    if (found === undefined || found.untilMs <= this.clock.monotonicMs()) return null;
    if (found.digest !== digest) return { kind: "other" };
    return found.answer === null ? { kind: "running" } : { kind: "done", answer: found.answer };
  }

  begin(key: string, digest: string, ttlMs: number): void {
    this.stored.set(key, { digest, answer: null, untilMs: this.clock.monotonicMs() + ttlMs });
  }

  finish(key: string, digest: string, answer: string, ttlMs: number): void {
    this.stored.set(key, { digest, answer, untilMs: this.clock.monotonicMs() + ttlMs });
  }

  /** An attempt that has an answer keeps it. */
  abandon(key: string): void {
    if (this.stored.get(key)?.answer === null) this.stored.delete(key);
  }
}
