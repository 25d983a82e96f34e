/**
 * The first tier: views of users in this process, ready to send. Bounded in bytes; a user leaves as a whole, the least
 * recently read first. A commit starts a new generation of its users: a view that was loaded in an earlier one is not kept,
 * so a slow reader never overwrites a newer view, and what was kept before is only a last resort.
 */
import { LRUCache } from "lru-cache";
import type { UserId } from "../core/ids";

export interface View {
  /** JSON of the view, an object, without what tells its age. */
  readonly body: Buffer;
  /** Strong, names the body; quoted. */
  readonly etag: string;
  readonly position: number;
  /** When it was read from the durable store, ms since 1970. */
  readonly readMs: number;
}

interface UserViews {
  readonly views: Map<string, View & { freshUntilMs: number }>;
}

export interface L1Options {
  readonly maxBytes: number;
  /** How long a view serves without being asked for again. */
  readonly ttlMs: number;
  readonly now: () => number;
}

/** A user's Map, LRU node and keys in V8, measured with `npm run bench -- memory`. */
const USER_OVERHEAD_BYTES = 500;
const VIEW_OVERHEAD_BYTES = 300;
/** A generation must outlive the reads that began before it: they take seconds, and 100,000 other users' commits take longer. */
const MAX_GENERATIONS = 100_000;

export class L1Cache {
  private readonly users: LRUCache<UserId, UserViews>;
  private readonly generations = new LRUCache<UserId, number>({ max: MAX_GENERATIONS });
  private lastGeneration = 0;
  /** Of users who have none of their own. */
  private floorGeneration = 0;
  readonly counters = { hits: 0, misses: 0, stale: 0, fills: 0, refusedFills: 0 };

  constructor(private readonly options: L1Options) {
    this.users = new LRUCache({ maxSize: options.maxBytes, sizeCalculation: sizeOf });
  }

  get bytes(): number {
    return this.users.calculatedSize;
  }

  get userCount(): number {
    return this.users.size;
  }

  /** A view and the milliseconds for which it is fresh (0 or less: only a last resort). */
  get(userId: UserId, name: string): { readonly view: View; readonly ttlMs: number } | null {
    const view = this.users.get(userId)?.views.get(name);
    return view ? { view, ttlMs: view.freshUntilMs - this.options.now() } : null;
  }

  /** To be asked before a load, and handed to the fill after it. */
  generation(userId: UserId): number {
    return this.generations.get(userId) ?? this.floorGeneration;
  }

  /** Keeps a view that was loaded in `generation`, unless that is over. */
  fill(userId: UserId, name: string, view: View, generation: number): boolean {
    const known = this.users.peek(userId)?.views.get(name);
    if (generation !== this.generation(userId) || (known && known.position > view.position)) {
      this.counters.refusedFills += 1;
      return false;
    }
    const views = new Map(this.users.peek(userId)?.views);
    views.set(name, { ...view, freshUntilMs: this.options.now() + this.options.ttlMs });
    this.users.set(userId, { views });
    this.counters.fills += 1;
    return true;
  }

  /** Views of the user must be loaded again: a commit moved the user, or a name in a view has changed. */
  expire(userId: UserId): void {
    this.lastGeneration += 1;
    this.generations.set(userId, this.lastGeneration);
    for (const view of this.users.peek(userId)?.views.values() ?? []) view.freshUntilMs = 0;
  }

  /** Everything must be loaded again: what is kept is only a last resort, and no load under way is kept. */
  expireAll(): void {
    this.lastGeneration += 1;
    this.floorGeneration = this.lastGeneration;
    for (const userId of this.users.keys()) this.expire(userId);
  }
}

function sizeOf(user: UserViews): number {
  let bytes = USER_OVERHEAD_BYTES;
  for (const view of user.views.values()) bytes += view.body.length + VIEW_OVERHEAD_BYTES;
  return bytes;
}
