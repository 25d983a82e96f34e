/**
 * Memory (L1): views of users in this process, ready to send. It is bounded in bytes, and each kind's strategy says which view
 * leaves first (core/cache-strategy). A commit starts a new generation of its users. A view that was loaded in an earlier
 * generation is not kept, so a slow reader never overwrites a newer view; a copy from an earlier generation is only a last
 * resort.
 */

import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import {
  type CacheStrategies,
  cacheStrategies,
  type EvictionPolicy,
  strategyOf,
  VIEW_KINDS,
  type ViewKind,
  viewKindOf,
} from "../../core/cache-strategy";
import { keyOf } from "../../core/key";
import type { UserId } from "../../core/ledger/ids";
import type { CompressedCopies, Encoding, View } from "./view";

/** Views that leave together: all views of a user whose strategy is by user, or one view. */
interface Entry {
  readonly userId: UserId;
  readonly views: Map<string, Kept>;
}

/** Compressed forms of a kept view. They count as it does, and leave with it. */
class Copies implements CompressedCopies {
  private br: Buffer | undefined;
  private gzip: Buffer | undefined;

  constructor(
    readonly key: string,
    readonly name: string,
    private readonly grown: (copies: Copies) => void,
  ) {}

  get bytes(): number {
    return (this.br?.length ?? 0) + (this.gzip?.length ?? 0);
  }

  get(encoding: Encoding): Buffer | undefined {
    return this[encoding];
  }

  keep(encoding: Encoding, bytes: Buffer): void {
    this[encoding] = bytes;
    this.grown(this);
  }
}

/** A class, because each copy that `...` makes of a view has a hidden class of its own in V8, which takes 400 bytes. */
class Kept implements View {
  readonly body: Buffer;
  readonly etag: string;
  readonly position: number;
  readonly readMs: number;

  constructor(
    { body, etag, position, readMs }: View,
    public freshUntilMs: number,
    readonly leavesMs: number,
    readonly copies: Copies,
  ) {
    this.body = body;
    this.etag = etag;
    this.position = position;
    this.readMs = readMs;
  }
}

export interface L1Options {
  readonly maxBytes: number;
  /** The longest time for which a view is fresh. Its strategy may keep it for less. */
  readonly ttlMs: number;
  readonly strategies?: CacheStrategies;
  readonly now: () => number;
}

/** A user's Map, LRU node and keys in V8, measured with `npm run bench -- memory`. */
const USER_OVERHEAD_BYTES = 500;
const VIEW_OVERHEAD_BYTES = 300;
/** A generation must outlive the reads that began before it. They take seconds; commits of 100,000 other users take longer. */
const MAX_GENERATIONS = 100_000;

export class L1Cache {
  private readonly entries: LRUCache<string, Entry>;
  private readonly generations = new LRUCache<UserId, number>(atMostEntries(MAX_GENERATIONS));
  private readonly strategies: CacheStrategies;
  private lastGeneration = 0;
  /** The generation of users who have none of their own. */
  private floorGeneration = 0;
  readonly counters = { hits: 0, misses: 0, stale: 0, fills: 0, refusedFills: 0 };

  constructor(private readonly options: L1Options) {
    this.strategies = options.strategies ?? cacheStrategies();
    this.entries = new LRUCache({ maxSize: options.maxBytes, sizeCalculation: sizeOf });
  }

  get bytes(): number {
    return this.entries.calculatedSize;
  }

  get userCount(): number {
    return this.userIds().size;
  }

  /** A view and the milliseconds for which it is fresh (0 or less: a last resort). Reading renews it if the strategy says so. */
  get(userId: UserId, name: string): { readonly view: View; readonly ttlMs: number } | null {
    const nowMs = this.options.now();
    const policy = this.policyOf(name);
    const key = entryKeyOf(userId, name, policy);
    const view = (policy === "TTL" ? this.entries.peek(key) : this.entries.get(key))?.views.get(name);
    if (view && policy === "TTL" && nowMs >= view.leavesMs) {
      this.entries.delete(key);
      return null;
    }
    return view ? { view, ttlMs: view.freshUntilMs - nowMs } : null;
  }

  /** The kept views of a user, for operators. This does not count as a read and renews nothing. */
  held(userId: UserId): readonly { readonly name: string; readonly view: View; readonly isFresh: boolean }[] {
    const nowMs = this.options.now();
    const keys = new Set(VIEW_KINDS.map((kind) => entryKeyOf(userId, kind, this.policyOf(kind))));
    return [...keys].flatMap((key) =>
      [...(this.entries.peek(key)?.views ?? [])]
        .filter(([, view]) => nowMs < view.leavesMs)
        .map(([name, view]) => ({ name, view, isFresh: view.freshUntilMs > nowMs })),
    );
  }

  /** The user's generation. Ask for it before a load, and pass it to `fill` afterwards. */
  generation(userId: UserId): number {
    return this.generations.get(userId) ?? this.floorGeneration;
  }

  /** Keeps a view that was loaded in `generation`. False, and not kept, if the generation is over or the kept view is newer. */
  fill(userId: UserId, name: string, view: View, generation: number): boolean {
    const key = entryKeyOf(userId, name, this.policyOf(name));
    const kept = this.entries.peek(key)?.views;
    const known = kept?.get(name);
    if (generation !== this.generation(userId) || (known && known.position > view.position)) {
      this.counters.refusedFills += 1;
      return false;
    }
    // Views of a kind whose name changes (recognition.7) replace each other: nobody asks for an earlier name again.
    const others = [...(kept ?? [])].filter(([other]) => viewKindOf(other) !== viewKindOf(name));
    const nowMs = this.options.now();
    const { ttlMs } = strategyOf(this.strategies, name);
    const freshUntilMs = nowMs + Math.min(ttlMs, this.options.ttlMs);
    const added = new Kept(view, freshUntilMs, nowMs + ttlMs, new Copies(key, name, this.recount));
    const views = new Map([...others, [name, added]]);
    this.entries.set(key, { userId, views });
    this.counters.fills += 1;
    return true;
  }

  /**
   * The user's views must be loaded again: a commit moved the user. With `kinds`, only these must: a name in them has changed. No
   * load that is under way is kept in either case.
   */
  expire(userId: UserId, kinds: readonly ViewKind[] | null = null): void {
    this.lastGeneration += 1;
    this.generations.set(userId, this.lastGeneration);
    outdate(this.entries.peek(userId), kinds);
    for (const kind of kinds ?? VIEW_KINDS) {
      if (this.policyOf(kind) !== "USER_BASED") outdate(this.entries.peek(entryKeyOf(userId, kind, "LRU")), null);
    }
  }

  /** All views must be loaded again. Kept copies are only a last resort, and a load under way is not kept. */
  expireAll(): void {
    this.lastGeneration += 1;
    this.floorGeneration = this.lastGeneration;
    for (const userId of this.userIds()) this.expire(userId);
  }

  /** Updates the size of an entry after one of its views got a compressed copy. The view may have been replaced meanwhile. */
  private readonly recount = (copies: Copies): void => {
    const { key, name } = copies;
    const entry = this.entries.peek(key);
    if (entry?.views.get(name)?.copies === copies) this.entries.set(key, { ...entry });
  };

  private policyOf(name: string): EvictionPolicy {
    return strategyOf(this.strategies, name).evictionPolicy;
  }

  private userIds(): ReadonlySet<UserId> {
    const userIds = new Set<UserId>();
    for (const { userId } of this.entries.values()) userIds.add(userId);
    return userIds;
  }
}

/** The key of an entry. Views that are evicted together share it. */
const entryKeyOf = (userId: UserId, name: string, policy: EvictionPolicy): string =>
  policy === "USER_BASED" ? keyOf(userId) : keyOf(viewKindOf(name), userId);

/** `kinds` null: all of its views. */
function outdate(entry: Entry | undefined, kinds: readonly string[] | null): void {
  for (const [name, view] of entry?.views ?? []) if (kinds?.includes(viewKindOf(name)) ?? true) view.freshUntilMs = 0;
}

function sizeOf({ views }: Entry): number {
  let bytes = USER_OVERHEAD_BYTES;
  for (const view of views.values()) bytes += view.body.length + view.copies.bytes + VIEW_OVERHEAD_BYTES;
  return bytes;
}
