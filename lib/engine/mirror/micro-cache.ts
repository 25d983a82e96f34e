/**
 * Caches answers that are the same for everybody, in this process and for a moment: one copy and one load (single flight) for each
 * key. All copies together are bounded in bytes.
 */
import { LRUCache } from "lru-cache";
import type { Awaitable } from "../../core/awaitable";

/** A loaded answer. `lifeMs`: how long it may be served. Infinity if it can never change. */
export interface Loaded<T> {
  readonly value: T;
  readonly bytes: number;
  readonly lifeMs: number;
}

/** An answer, and how it was found. */
export interface Served<T> {
  readonly value: T;
  /** `stale`: an old copy, because the load failed. */
  readonly outcome: "hit" | "miss" | "stale";
}

export interface MicroCacheOptions {
  readonly maxBytes: number;
  /** Monotonic ms. */
  readonly now: () => number;
  /** How old a copy may be that is served because its source is down. */
  readonly staleMaxMs: number;
  readonly isOutage: (cause: unknown) => boolean;
}

interface Copy<T> extends Loaded<T> {
  readonly atMs: number;
}

/** For each copy: its key, and the map's own nodes. */
const OVERHEAD_BYTES = 500;

export class MicroCache<T extends object> {
  private readonly copies: LRUCache<string, Copy<T>>;
  private readonly loads = new Map<string, Promise<Served<T>>>();

  constructor(private readonly options: MicroCacheOptions) {
    this.copies = new LRUCache({ maxSize: options.maxBytes, sizeCalculation: ({ bytes }) => bytes + OVERHEAD_BYTES });
  }

  get bytes(): number {
    return this.copies.calculatedSize;
  }

  /** The cached answer, or the one that `load` gives. Rejects as `load` does, unless the source is down and there is an old copy. */
  get(key: string, load: () => Promise<Loaded<T>>): Awaitable<Served<T>> {
    const copy = this.copies.get(key);
    if (copy !== undefined && this.ageMs(copy) < copy.lifeMs) return { value: copy.value, outcome: "hit" };
    const known = this.loads.get(key);
    if (known !== undefined) return known;
    const begun = this.load(key, load).finally(() => this.loads.delete(key));
    this.loads.set(key, begun);
    return begun;
  }

  private async load(key: string, load: () => Promise<Loaded<T>>): Promise<Served<T>> {
    const atMs = this.options.now();
    try {
      const loaded = await load();
      // Its age counts from the start of the load: it may lack what came while it was loaded.
      this.copies.set(key, { ...loaded, atMs });
      return { value: loaded.value, outcome: "miss" };
    } catch (cause) {
      const copy = this.copies.get(key);
      if (copy === undefined || !this.options.isOutage(cause) || this.ageMs(copy) > this.options.staleMaxMs)
        throw cause;
      return { value: copy.value, outcome: "stale" };
    }
  }

  private ageMs({ atMs }: Copy<T>): number {
    return this.options.now() - atMs;
  }
}
