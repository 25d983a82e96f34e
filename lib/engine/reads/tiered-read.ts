/**
 * Reads through the tiers, filling upwards. One load for each (user, view) is in flight in this process. A reader who waits for
 * it longer than the soft limit is served the last good copy, marked stale, while the load goes on and fills; one for whom there
 * is no copy waits up to the hard limit. A tier that fails leaves the last good copy too, as long as it is not too old.
 */

import { createHash } from "node:crypto";
import { keyOf } from "../../core/key";
import type { UserId } from "../../core/ledger/ids";
import { err, ok, type Result } from "../../core/result";
import type { Clock } from "../../ports/clock";
import type { CachedView, Lookup, SharedViewName, ViewCache } from "../../ports/shared/view-cache";
import { ifDown } from "../../ports/tier-unavailable";
import type { L1Cache, View } from "./l1-cache";
import { type Failure, Flight, type Loaded, report, type TierReport } from "./single-flight";

export interface ReadResult {
  readonly view: View;
  /** Closest to the origin first. */
  readonly tiers: readonly TierReport[];
  /** The copy could not be refreshed, or not in time. */
  readonly isStaleCopy: boolean;
}

/** A view's content at a position, as the durable store has it. */
export type Load = () => Promise<{ readonly position: number; readonly content: Readonly<Record<string, unknown>> }>;

export interface TieredReadDeps {
  readonly l1: L1Cache;
  /** The tier that instances share; null where there is only this one. */
  readonly shared: ViewCache | null;
  readonly clock: Clock;
  /** Milliseconds of a clock that is fine enough for a look into memory; only differences count. */
  readonly timer?: () => number;
  /** A copy older than this is not served even in an outage. */
  readonly staleMaxMs: number;
}

/**
 * What a reader puts up with. `any`: an outdated copy in an outage. `current`: none older than what was told of commits.
 * `origin`: the store knows of a commit that caches were not told of yet, and the reader wants it.
 */
export type Need = "any" | "current" | "origin";

export interface Unavailable {
  readonly code: "unavailable";
  readonly tier: Failure["tier"];
}

/** What to load below the first tier, and of whom. */
interface Wanted {
  readonly userId: UserId;
  readonly name: string;
  readonly load: Load;
}

const SHARED: ReadonlySet<string> = new Set<SharedViewName>(["contacts", "circle", "signals"]);
const isShared = (name: string): name is SharedViewName => SHARED.has(name);
/** A reader who got the lease and did not fill by then has died: a view is one statement of some milliseconds. */
const LEASE_MS = 3_000;
/** Who waits for another's load asks again this often, and loads for itself after the second value. */
const WAIT_STEP_MS = { first: 20, most: 200 };
const WAIT_MOST_MS = 2_000;

export class TieredRead {
  private readonly flights = new Map<string, Flight>();
  private readonly timer: () => number;

  constructor(private readonly deps: TieredReadDeps) {
    this.timer = deps.timer ?? (() => deps.clock.monotonicMs());
  }

  async read(userId: UserId, name: string, load: Load, need: Need = "any"): Promise<Result<ReadResult, Unavailable>> {
    const { l1 } = this.deps;
    if (need === "origin") return this.readOrigin({ userId, name, load });
    const startMs = this.timer();
    const cached = l1.get(userId, name);
    if (cached && cached.ttlMs > 0) {
      l1.counters.hits += 1;
      const ttlSeconds = Math.ceil(cached.ttlMs / 1_000);
      const hit = report("l1", "hit", { ttlSeconds, tookMs: this.timer() - startMs });
      return ok({ view: cached.view, tiers: [hit], isStaleCopy: false });
    }
    l1.counters.misses += 1;
    const flight = this.flight({ userId, name, load });
    const copy = () => (need === "any" ? this.furthest([cached?.view ?? null, flight.last]) : null);
    const landing = await flight.wait(() => copy() !== null);
    if (landing.ok) return ok({ ...landing.value, isStaleCopy: false });
    const last = copy();
    if (last === null) return err({ code: "unavailable", tier: landing.error.tier });
    l1.counters.stale += 1;
    const tiers = flight.staleTiers(landing.error, last === cached?.view ? "l1" : "redis");
    return ok({ view: last, tiers, isStaleCopy: true });
  }

  /** Joins nobody: a load under way may have begun before the commit that this reader wants. */
  private async readOrigin({ userId, name, load }: Wanted): Promise<Result<ReadResult, Unavailable>> {
    const { l1, shared, clock } = this.deps;
    const generation = l1.generation(userId);
    const redis = shared !== null && isShared(name) ? report("redis", "request") : null;
    const flight = new Flight(clock, (self) =>
      this.landing(async () => {
        const { view, tiers } = await this.fromOrigin(self, load, redis);
        const stored = l1.fill(userId, name, view, generation);
        return { view, tiers: [...tiers, report("l1", "request", { stored })] };
      }),
    );
    const landing = await flight.wait(() => false);
    return landing.ok
      ? ok({ ...landing.value, isStaleCopy: false })
      : err({ code: "unavailable", tier: landing.error.tier });
  }

  /** Of the copies that are young enough to be served in an outage, the one that is furthest. */
  private furthest(copies: readonly (View | null)[]): View | null {
    const oldestMs = this.deps.clock.now() - this.deps.staleMaxMs;
    const usable = copies.filter((view) => view !== null).filter(({ readMs }) => readMs >= oldestMs);
    return usable.sort((a, b) => b.position - a.position || b.readMs - a.readMs)[0] ?? null;
  }

  /** The load under way or a new one. The key holds the generation: who comes after a commit does not join a load of before. */
  private flight(wanted: Wanted): Flight {
    const { l1, clock } = this.deps;
    const { userId, name } = wanted;
    const generation = l1.generation(userId);
    const key = keyOf(name, generation, userId);
    const running = this.flights.get(key);
    if (running) return running;
    const flight = new Flight(clock, (self) =>
      this.landing(async () => {
        const { view, tiers } = await this.load(self, wanted);
        const stored = l1.fill(userId, name, view, generation);
        return { view, tiers: [...tiers, report("l1", "miss", { stored })] };
      }).finally(() => this.flights.delete(key)),
    );
    this.flights.set(key, flight);
    return flight;
  }

  /** A database that does not answer as a value. */
  private landing(load: () => Promise<Loaded>): Promise<Result<Loaded, Failure>> {
    const isDown = (): Result<Loaded, Failure> => err({ tier: "postgres", reason: "unavailable" });
    return load().then((loaded): Result<Loaded, Failure> => ok(loaded), ifDown("postgres", isDown));
  }

  /** Rejects with TierUnavailable (postgres) if no tier has the view. */
  private async load(flight: Flight, { userId, name, load }: Wanted): Promise<Loaded> {
    const { shared, clock } = this.deps;
    if (shared === null || !isShared(name)) return this.fromOrigin(flight, load, null);
    const startMs = clock.monotonicMs();
    const redis = (more: Partial<TierReport>) =>
      report("redis", "miss", { tookMs: clock.monotonicMs() - startMs, ...more });
    flight.asks("redis", null);
    const found = await this.lookUp(flight, shared, userId, name).catch(ifDown("redis", () => null));
    if (found === null) return this.fromOrigin(flight, load, redis({ detail: "unavailable" }));
    if (found.kind === "hit") {
      const hit = redis({ outcome: "hit", ttlSeconds: Math.ceil(found.ttlMs / 1_000) });
      return { view: viewOfCached(found.view), tiers: [hit] };
    }
    if (found.kind === "wait") return this.fromOrigin(flight, load, redis({}));
    const { lease } = found;
    const { view, tiers } = await this.fromOrigin(flight, load, redis({})).catch((cause: unknown) => {
      // Nobody should wait for a load that has failed. Where Redis cannot be told, they wait until the lease is over.
      shared.release(userId, name, lease).catch(() => {});
      throw cause;
    });
    const stored = await this.fill(shared, userId, name, view, lease);
    return { view, tiers: tiers.map((each) => (each.tier === "redis" ? redis({ stored }) : each)) };
  }

  /** Looks until there is a view or a lease, or the one who loads has taken too long. */
  private async lookUp(flight: Flight, shared: ViewCache, userId: UserId, name: SharedViewName): Promise<Lookup> {
    const untilMs = this.deps.clock.monotonicMs() + WAIT_MOST_MS;
    for (let stepMs = WAIT_STEP_MS.first; ; stepMs = Math.min(stepMs * 2, WAIT_STEP_MS.most)) {
      const found = await shared.lookup(userId, name, LEASE_MS);
      if (found.kind !== "hit") flight.has(found.last && viewOfCached(found.last));
      if (found.kind !== "wait" || this.deps.clock.monotonicMs() >= untilMs) return found;
      // Somebody else asks the database, for us too.
      flight.asks("postgres", report("redis", "miss"));
      await this.deps.clock.sleep(stepMs);
    }
  }

  /** `redis`: what the shared tier said before; null where it was not asked. */
  private async fromOrigin(flight: Flight, load: Load, redis: TierReport | null): Promise<Loaded> {
    const { clock } = this.deps;
    const startMs = clock.monotonicMs();
    flight.asks("postgres", redis);
    const { position, content } = await load();
    const postgres = report("postgres", "hit", { tookMs: clock.monotonicMs() - startMs });
    return { view: viewOf(position, content, clock.now()), tiers: redis === null ? [postgres] : [postgres, redis] };
  }

  private async fill(
    shared: ViewCache,
    userId: UserId,
    name: SharedViewName,
    view: View,
    lease: string,
  ): Promise<boolean> {
    const filled = shared.fill(userId, name, { ...view, body: view.body.toString() }, lease);
    return filled.catch(ifDown("redis", () => false));
  }
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
