/** The shared views, in Redis. Leases run by Redis' clock, so instances need not agree on the time. */
import { type CacheStrategies, cacheStrategies, NAMING_KINDS } from "../../core/cache-strategy";
import type { UserId } from "../../core/ledger/ids";
import type { CachedView, HeldView, Lookup, SharedViewName, ViewCache } from "../../ports/shared/view-cache";
import { TierUnavailable } from "../../ports/tier-unavailable";
import type { Commands } from "./client/client";
import type { Keys } from "./client/keys";
import { History } from "./history";
import { EXPIRE, EXPIRE_ALL, FILL, HELD, LOOKUP, RELEASE } from "./view-scripts";

export interface RedisViewCacheOptions {
  readonly commands: Commands;
  readonly keys: Keys;
  /** No other instance has this id, now or ever. */
  readonly instanceId: string;
  /** How long the longest-lived views stay if nobody reads them. */
  readonly ttlMs: number;
  /** Absent: the default strategies with that time. */
  readonly strategies?: CacheStrategies;
  /** The event bus's history. Without a bus the cache has its own. */
  readonly history?: History;
  /** Resolves when Redis knows every commit that concerns the user and that this process knows (event-bus.ts). */
  readonly settled?: (userId: UserId) => Promise<void>;
}

const NAMES: readonly SharedViewName[] = ["contacts", "circle", "signals"];
/** The views that a changed profile outdates. */
export const NAMING_VIEWS = NAMES.filter((name) => NAMING_KINDS.includes(name));
/** A fill must stay below the smallest limit of a request, 1 MB. A larger view is served from the database. */
const MAX_VIEW_BYTES = 900_000;
/** If a commit concerns more people, everything expires instead: this many take Redis some 25 ms. */
export const MAX_EXPIRED_USERS = 3_000;

export class RedisViewCache implements ViewCache {
  private readonly strategies: CacheStrategies;
  private readonly history: History;
  private lastToken = 0;

  constructor(private readonly options: RedisViewCacheOptions) {
    this.history = options.history ?? new History(options.keys.partitions);
    this.strategies = options.strategies ?? cacheStrategies({ ttlMs: options.ttlMs });
  }

  async lookup(userId: UserId, name: SharedViewName, leaseMs: number): Promise<Lookup> {
    const { commands, keys, settled } = this.options;
    await settled?.(userId);
    const { ttlMs, evictionPolicy } = this.strategies[name];
    const token = this.newToken();
    // If a broken connection sends it twice, the token finds its own lease.
    const renews = evictionPolicy === "TTL" ? 0 : 1;
    const partition = keys.partitionOf(userId);
    const { generation, sequence, history } = keys.in(partition);
    const args = [ttlMs, leaseMs, token, renews, generationMs(this.options.ttlMs), ...this.history.argsIn(partition)];
    const others =
      evictionPolicy === "USER_BASED" ? this.livingWith(name).map((other) => keys.view(userId, other)) : [];
    const shared = [generation, sequence, history];
    const answer = await commands.eval("lookup", LOOKUP, [keys.view(userId, name), ...shared, ...others], args);
    const [kind, packed, leftMs] = Array.isArray(answer) ? (answer as unknown[]) : [];
    const last = typeof packed === "string" ? unpack(packed) : null;
    if (kind === 0 && last) return { kind: "hit", view: last, ttlMs: Number(leftMs) };
    // A reader of the store now knows how far the store must have come.
    if (kind === 1 || kind === 2) this.history.store?.learn(Number(leftMs));
    if (kind === 1) return { kind: "lease", lease: token, last };
    if (kind === 2) return { kind: "wait", last };
    if (kind === 3 && this.history.observe(packed, leftMs, null, partition))
      throw new TierUnavailable("redis", "Redis: its history of events differs from this instance's");
    throw new TierUnavailable("redis", "Redis: the script of the lookup gave an unknown answer");
  }

  async fill(userId: UserId, name: SharedViewName, view: CachedView, lease: string): Promise<boolean> {
    const { commands, keys } = this.options;
    const { ttlMs } = this.strategies[name];
    const packed = pack(view);
    if (Buffer.byteLength(packed) > MAX_VIEW_BYTES) return false;
    const args = [ttlMs, lease, packed];
    const { generation } = keys.in(keys.partitionOf(userId));
    return (await commands.eval("fill", FILL, [keys.view(userId, name), generation], args)) === 1;
  }

  async release(userId: UserId, name: SharedViewName, lease: string): Promise<void> {
    const { commands, keys } = this.options;
    await commands.eval("release", RELEASE, [keys.view(userId, name)], [lease]);
  }

  async held(userId: UserId): Promise<readonly HeldView[]> {
    const { commands, keys } = this.options;
    const { generation } = keys.in(keys.partitionOf(userId));
    const answer = await commands.eval("held", HELD, [generation, ...viewKeys(keys, [userId])], []);
    if (!Array.isArray(answer))
      throw new TierUnavailable("redis", "Redis: the script of the held views returned no list");
    return NAMES.flatMap((name, i) => {
      const [position, readMs, bytes, isFresh] = Array.isArray(answer[i]) ? (answer[i] as unknown[]).map(Number) : [];
      if (position === undefined || readMs === undefined || bytes === undefined) return [];
      return { name, position, readMs, bytes, isFresh: isFresh === 1 };
    });
  }

  async expire(userIds: readonly UserId[]): Promise<void> {
    if (userIds.length === 0) return;
    if (userIds.length > MAX_EXPIRED_USERS) return this.expireAll();
    const { commands, keys } = this.options;
    const parts = [...inPartitions(keys, userIds).values()];
    await Promise.all(parts.map((users) => commands.eval("expire", EXPIRE, viewKeys(keys, users), [])));
  }

  async expireAll(): Promise<void> {
    const { commands, keys, ttlMs } = this.options;
    const args = [this.newToken(), generationMs(ttlMs)];
    const expireIn = (partition: number) => commands.eval("expire", EXPIRE_ALL, [keys.in(partition).generation], args);
    await Promise.all(Array.from({ length: keys.partitions }, (_, partition) => expireIn(partition)));
  }

  /** The views that one view of a user keeps alive together with itself. */
  private livingWith(name: SharedViewName): readonly SharedViewName[] {
    return NAMES.filter((other) => other !== name && this.strategies[other].evictionPolicy === "USER_BASED");
  }

  private newToken(): string {
    this.lastToken += 1;
    return `${this.options.instanceId}-${this.lastToken.toString(36)}`;
  }
}

/** The users by the partition that has their views. */
export function inPartitions(keys: Keys, userIds: Iterable<UserId>): ReadonlyMap<number, readonly UserId[]> {
  const parts = new Map<number, UserId[]>();
  for (const userId of userIds) {
    const partition = keys.partitionOf(userId);
    const users = parts.get(partition);
    if (users) users.push(userId);
    else parts.set(partition, [userId]);
  }
  return parts;
}

/** The keys that users' views of these names may have. */
export function viewKeys(keys: Keys, userIds: readonly UserId[], names: readonly SharedViewName[] = NAMES): string[] {
  return userIds.flatMap((userId) => names.map((name) => keys.view(userId, name)));
}

const DAY_MS = 86_400_000;

/** How long a generation is kept that no miss renews. When it ends, every view is loaded again. */
export function generationMs(ttlMs: number): number {
  return 7 * DAY_MS + 2 * ttlMs;
}

/** `<position>\n<read at, ms>\n<etag>\n<body>`: the body is not parsed on its way. */
function pack({ body, etag, position, readMs }: CachedView): string {
  return `${position}\n${readMs}\n${etag}\n${body}`;
}

function unpack(packed: string): CachedView {
  const first = packed.indexOf("\n");
  const second = packed.indexOf("\n", first + 1);
  const third = packed.indexOf("\n", second + 1);
  if (third < 0) throw new TierUnavailable("redis", "Redis: a view has no head");
  return {
    position: Number(packed.slice(0, first)),
    readMs: Number(packed.slice(first + 1, second)),
    etag: packed.slice(second + 1, third),
    body: packed.slice(third + 1),
  };
}
