import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../core/bounded-map";
import { type CacheStrategies, cacheStrategies } from "../../core/cache-strategy";
import { keyOf } from "../../core/key";
import type { UserId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { CachedView, HeldView, Lookup, SharedViewName, ViewCache } from "../../ports/shared/view-cache";

interface Entry {
  view: CachedView | null;
  isExpired: boolean;
  lease: { readonly token: string; readonly untilMs: number } | null;
  untilMs: number;
}

const NAMES: readonly SharedViewName[] = ["contacts", "circle", "signals"];
const MAX_ENTRIES = 100_000;

/** Shared views within one process: the reference for the contract, and a stand-in for tests of the engine. */
export class MemoryViewCache implements ViewCache {
  private readonly entries = new LRUCache<string, Entry>(atMostEntries(MAX_ENTRIES));
  private lastToken = 0;

  constructor(
    private readonly clock: Clock,
    ttlMs: number,
    private readonly strategies: CacheStrategies = cacheStrategies({ ttlMs }),
  ) {}

  async lookup(userId: UserId, name: SharedViewName, leaseMs: number): Promise<Lookup> {
    const nowMs = this.clock.monotonicMs();
    const key = keyOf(userId, name);
    const known = this.entries.get(key);
    const isThere = known !== undefined && known.untilMs > nowMs;
    const { ttlMs } = this.strategies[name];
    const entry: Entry = isThere ? known : { view: null, isExpired: false, lease: null, untilMs: nowMs + ttlMs };
    this.entries.set(key, entry);
    this.renew(userId, name, nowMs);
    if (entry.view && !entry.isExpired) return { kind: "hit", view: entry.view, ttlMs: entry.untilMs - nowMs };
    if (entry.lease && entry.lease.untilMs > nowMs) return { kind: "wait", last: entry.view };
    this.lastToken += 1;
    entry.lease = { token: String(this.lastToken), untilMs: nowMs + leaseMs };
    return { kind: "lease", lease: entry.lease.token, last: entry.view };
  }

  async fill(userId: UserId, name: SharedViewName, view: CachedView, lease: string): Promise<boolean> {
    const entry = this.entries.get(keyOf(userId, name));
    if (!entry || entry.lease?.token !== lease) return false;
    this.entries.set(keyOf(userId, name), {
      view,
      isExpired: false,
      lease: null,
      untilMs: this.clock.monotonicMs() + this.strategies[name].ttlMs,
    });
    return true;
  }

  async release(userId: UserId, name: SharedViewName, lease: string): Promise<void> {
    const entry = this.entries.peek(keyOf(userId, name));
    if (entry?.lease?.token === lease) entry.lease = null;
  }

  async held(userId: UserId): Promise<readonly HeldView[]> {
    const nowMs = this.clock.monotonicMs();
    return NAMES.flatMap((name) => {
      const entry = this.entries.peek(keyOf(userId, name));
      if (!entry?.view || entry.untilMs <= nowMs) return [];
      const { position, readMs, body } = entry.view;
      return { name, position, readMs, bytes: Buffer.byteLength(body), isFresh: !entry.isExpired };
    });
  }

  async expire(userIds: readonly UserId[]): Promise<void> {
    for (const userId of userIds) for (const name of NAMES) this.expireEntry(this.entries.peek(keyOf(userId, name)));
  }

  async expireAll(): Promise<void> {
    for (const entry of this.entries.values()) this.expireEntry(entry);
  }

  private renew(userId: UserId, name: SharedViewName, nowMs: number): void {
    const { ttlMs, evictionPolicy } = this.strategies[name];
    if (evictionPolicy === "TTL") return;
    const isWith = (other: SharedViewName) => evictionPolicy === this.strategies[other].evictionPolicy;
    const renewed = evictionPolicy === "LRU" ? [name] : NAMES.filter(isWith);
    for (const each of renewed) {
      const entry = this.entries.get(keyOf(userId, each));
      if (entry && entry.untilMs > nowMs) entry.untilMs = nowMs + ttlMs;
    }
  }

  private expireEntry(entry: Entry | undefined): void {
    if (!entry) return;
    entry.isExpired = true;
    entry.lease = null;
  }
}
