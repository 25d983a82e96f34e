/**
 * Reads through the tiers, filling upwards. One load for each (user, view) is in flight in this process; a tier that fails
 * leaves the last good copy, which is served marked stale as long as it is not too old.
 */
import { createHash } from "node:crypto";
import type { UserId } from "../core/ids";
import { err, ok, type Result } from "../core/result";
import type { Clock } from "../ports/clock";
import type { Log } from "../ports/log";
import { StoreUnavailable } from "../ports/sync-store";
import {
  type CachedView,
  HotTierUnavailable,
  type Lookup,
  type SharedViewName,
  type ViewCache,
} from "../ports/view-cache";
import type { L1Cache, View } from "./l1-cache";

/** What one tier had to say, for Cache-Status (RFC 9211) and Server-Timing. */
export interface TierReport {
  readonly tier: "l1" | "redis" | "postgres";
  readonly outcome: "hit" | "miss" | "stale" | "bypass" | "request";
  readonly stored: boolean;
  /** Seconds for which a hit stays fresh. */
  readonly ttlSeconds: number | null;
  readonly detail: string | null;
  readonly tookMs: number;
}

export interface ReadResult {
  readonly view: View;
  /** Closest to the origin first. */
  readonly tiers: readonly TierReport[];
  /** The copy could not be refreshed. */
  readonly isStaleCopy: boolean;
}

/**
 * What a reader puts up with. `any`: an outdated copy in an outage. `current`: none older than what was told of commits.
 * `origin`: the store knows of a commit that caches were not told of yet, and the reader wants it.
 */
export type Need = "any" | "current" | "origin";

/** A view's content at a position, as the durable store has it. */
export type Load = () => Promise<{ readonly position: number; readonly content: Readonly<Record<string, unknown>> }>;

export interface TieredReadDeps {
  readonly l1: L1Cache;
  /** The tier that instances share; null where there is only this one. */
  readonly shared: ViewCache | null;
  readonly clock: Clock;
  readonly log: Log;
  /** A copy older than this is not served even in an outage. */
  readonly staleMaxMs: number;
}

export interface Unavailable {
  readonly code: "unavailable";
  readonly tier: "postgres";
}

/** What a load below the first tier came to. */
interface Loaded {
  readonly view: View;
  /** Without the first tier's own, closest to the origin first. */
  readonly tiers: readonly TierReport[];
}

/** The database failed; `last` is the outdated copy that the shared tier had, if any. */
class OriginFailed extends Error {
  override readonly name = "OriginFailed";
  constructor(
    readonly last: View | null,
    cause: StoreUnavailable,
  ) {
    super("the database did not answer", { cause });
  }
}

const SHARED: ReadonlySet<string> = new Set<SharedViewName>(["contacts", "circle", "signals"]);
/** A reader who got the lease and did not fill by then has died: a view is one statement of some milliseconds. */
const LEASE_MS = 3_000;
/** Who waits for another's load asks again this often, and loads for itself after the second value. */
const WAIT_STEP_MS = { first: 20, most: 200 };
const WAIT_MOST_MS = 2_000;

export class TieredRead {
  private readonly loads = new Map<string, Promise<Loaded>>();

  constructor(private readonly deps: TieredReadDeps) {}

  async read(userId: UserId, name: string, load: Load, need: Need = "any"): Promise<Result<ReadResult, Unavailable>> {
    const { l1, clock } = this.deps;
    if (need === "origin") return this.readOrigin(userId, name, load);
    const cached = l1.get(userId, name);
    if (cached && cached.ttlMs > 0) {
      l1.counters.hits += 1;
      const hit = report("l1", "hit", { ttlSeconds: Math.ceil(cached.ttlMs / 1_000) });
      return ok({ view: cached.view, tiers: [hit], isStaleCopy: false });
    }
    l1.counters.misses += 1;
    const generation = l1.generation(userId);
    try {
      const { view, tiers } = await this.loadOnce(`${name} ${generation} ${userId}`, () =>
        this.load(userId, name, load),
      );
      const stored = l1.fill(userId, name, view, generation);
      return ok({ view, tiers: [...tiers, report("l1", "miss", { stored })], isStaleCopy: false });
    } catch (cause) {
      if (!(cause instanceof OriginFailed)) throw cause;
      this.deps.log.warn("the database did not answer a read", { cause: cause.cause });
      const copies = [cached?.view ?? null, cause.last].filter((view) => view !== null);
      const [last] = copies.sort((a, b) => b.position - a.position || b.readMs - a.readMs);
      if (need !== "any" || !last || clock.now() - last.readMs > this.deps.staleMaxMs)
        return err({ code: "unavailable", tier: "postgres" });
      l1.counters.stale += 1;
      const tier = last === cached?.view ? "l1" : "redis";
      return ok({ view: last, tiers: [report(tier, "stale", { detail: "postgres-unavailable" })], isStaleCopy: true });
    }
  }

  /** Joins nobody: a load under way may have begun before the commit that this reader wants. */
  private async readOrigin(userId: UserId, name: string, load: Load): Promise<Result<ReadResult, Unavailable>> {
    const { l1, shared } = this.deps;
    const generation = l1.generation(userId);
    try {
      const above = shared !== null && SHARED.has(name) ? [report("redis", "request")] : [];
      const { view, tiers } = await this.fromOrigin(load, null, above);
      const stored = l1.fill(userId, name, view, generation);
      return ok({ view, tiers: [...tiers, report("l1", "request", { stored })], isStaleCopy: false });
    } catch (cause) {
      if (!(cause instanceof OriginFailed)) throw cause;
      this.deps.log.warn("the database did not answer a read", { cause: cause.cause });
      return err({ code: "unavailable", tier: "postgres" });
    }
  }

  /** The key holds the generation: who comes after a commit does not join a load that began before it. */
  private loadOnce(key: string, load: () => Promise<Loaded>): Promise<Loaded> {
    const running = this.loads.get(key);
    if (running) return running;
    const promise = load().finally(() => this.loads.delete(key));
    this.loads.set(key, promise);
    return promise;
  }

  private async load(userId: UserId, name: string, load: Load): Promise<Loaded> {
    const { shared, clock } = this.deps;
    if (shared === null || !SHARED.has(name)) return this.fromOrigin(load, null, []);
    const startMs = clock.now();
    const tookMs = () => clock.now() - startMs;
    let found: Lookup;
    try {
      found = await this.lookUp(shared, userId, name as SharedViewName);
    } catch (cause) {
      if (!(cause instanceof HotTierUnavailable)) throw cause;
      return this.fromOrigin(load, null, [report("redis", "miss", { detail: "unavailable", tookMs: tookMs() })]);
    }
    if (found.kind === "hit") {
      const ttlSeconds = Math.ceil(found.ttlMs / 1_000);
      return { view: viewOfCached(found.view), tiers: [report("redis", "hit", { ttlSeconds, tookMs: tookMs() })] };
    }
    const last = found.last && viewOfCached(found.last);
    if (found.kind === "wait") return this.fromOrigin(load, last, [report("redis", "miss", { tookMs: tookMs() })]);
    const loaded = await this.fromOrigin(load, last, []);
    const stored = await this.fill(shared, userId, name as SharedViewName, loaded.view, found.lease);
    return { view: loaded.view, tiers: [...loaded.tiers, report("redis", "miss", { stored, tookMs: tookMs() })] };
  }

  /** Looks until there is a view or a lease, or the one who loads has taken too long. */
  private async lookUp(shared: ViewCache, userId: UserId, name: SharedViewName): Promise<Lookup> {
    const untilMs = this.deps.clock.now() + WAIT_MOST_MS;
    for (let stepMs = WAIT_STEP_MS.first; ; stepMs = Math.min(stepMs * 2, WAIT_STEP_MS.most)) {
      const found = await shared.lookup(userId, name, LEASE_MS);
      if (found.kind !== "wait" || this.deps.clock.now() >= untilMs) return found;
      await this.deps.clock.sleep(stepMs);
    }
  }

  private async fromOrigin(load: Load, last: View | null, above: readonly TierReport[]): Promise<Loaded> {
    const startMs = this.deps.clock.now();
    try {
      const { position, content } = await load();
      const nowMs = this.deps.clock.now();
      const view = viewOf(position, content, nowMs);
      return { view, tiers: [report("postgres", "hit", { tookMs: nowMs - startMs }), ...above] };
    } catch (cause) {
      throw cause instanceof StoreUnavailable ? new OriginFailed(last, cause) : cause;
    }
  }

  private async fill(
    shared: ViewCache,
    userId: UserId,
    name: SharedViewName,
    view: View,
    lease: string,
  ): Promise<boolean> {
    try {
      return await shared.fill(userId, name, { ...view, body: view.body.toString() }, lease);
    } catch (cause) {
      if (cause instanceof HotTierUnavailable) return false;
      throw cause;
    }
  }
}

function report(tier: TierReport["tier"], outcome: TierReport["outcome"], more: Partial<TierReport> = {}): TierReport {
  return { tier, outcome, stored: false, ttlSeconds: null, detail: null, tookMs: 0, ...more };
}

const viewOfCached = ({ body, ...rest }: CachedView): View => ({ ...rest, body: bytesOf(body) });

/** Not Buffer.from: a small view out of its pool would keep 8 KB alive for as long as it is cached. */
function bytesOf(json: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(json));
  bytes.write(json);
  return bytes;
}

/** The view of a content: its position in front of the tag lets people read it, its digest makes it strong. Null: it has none. */
export function viewOf(position: number | null, content: Readonly<Record<string, unknown>>, readMs: number): View {
  const body = bytesOf(JSON.stringify(position === null ? content : { ...content, position }));
  const digest = createHash("sha256").update(body).digest("base64url").slice(0, 16);
  return { body, etag: position === null ? `"${digest}"` : `"${position}-${digest}"`, position: position ?? 0, readMs };
}
