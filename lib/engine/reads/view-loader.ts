/**
 * Loads a view from the tiers below memory. The reader who gets Redis' lease asks the database and fills Redis; the others look at
 * Redis again until the view is there.
 */
import type { UserId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { Lookup, SharedViewName, ViewCache } from "../../ports/shared/view-cache";
import { ifDown } from "../../ports/tier-unavailable";
import type { LoadedView, Progress } from "./single-flight";
import { type TierOutcome, tierOutcome } from "./tier-outcome";
import { type View, viewOf, viewOfCached } from "./view";

/** A view's content at a position, as the durable store has it. */
export type Load = () => Promise<{ readonly position: number; readonly content: Readonly<Record<string, unknown>> }>;

/** The view to load, and its user. */
export interface Wanted {
  readonly userId: UserId;
  readonly name: string;
  readonly load: Load;
}

interface ViewLoaderDeps {
  /** Redis; null if there is only this instance. */
  readonly shared: ViewCache | null;
  readonly clock: Clock;
}

const SHARED: ReadonlySet<string> = new Set<SharedViewName>(["contacts", "circle", "signals"]);
const isShared = (name: string): name is SharedViewName => SHARED.has(name);
/** A reader that holds the lease for longer has died, because loading a view takes one statement of some milliseconds. */
const LEASE_MS = 3_000;
/** A reader who waits for another's load looks again after the first value, doubled each time up to the second. */
const WAIT_STEP_MS = { first: 20, most: 200 };
/** After this the reader loads for itself. */
const WAIT_MOST_MS = 2_000;

export class ViewLoader {
  constructor(private readonly deps: ViewLoaderDeps) {}

  /** From Redis or the database. Rejects with TierUnavailable (postgres) if no tier has the view. */
  async load(progress: Progress, { userId, name, load }: Wanted): Promise<LoadedView> {
    const { shared, clock } = this.deps;
    if (shared === null || !isShared(name)) return this.fromDatabase(progress, load, null);
    const startMs = clock.monotonicMs();
    const redis = (more: Partial<TierOutcome>) =>
      tierOutcome("redis", "miss", { tookMs: clock.monotonicMs() - startMs, ...more });
    progress.asks("redis", null);
    const found = await this.lookUp(progress, shared, userId, name).catch(ifDown("redis", () => null));
    if (found === null) return this.fromDatabase(progress, load, redis({ detail: "unavailable" }));
    if (found.kind === "hit") {
      const hit = redis({ outcome: "hit", ttlSeconds: Math.ceil(found.ttlMs / 1_000) });
      return { view: viewOfCached(found.view), tiers: [hit] };
    }
    if (found.kind === "wait") return this.fromDatabase(progress, load, redis({}));
    const { lease } = found;
    const { view, tiers } = await this.fromDatabase(progress, load, redis({})).catch((cause: unknown) => {
      // Nobody should wait for a load that has failed. If Redis cannot be told, the others wait until the lease is over.
      shared.release(userId, name, lease).catch(() => {});
      throw cause;
    });
    const filled = shared.fill(userId, name, { ...view, body: view.body.toString() }, lease);
    const stored = await filled.catch(ifDown("redis", () => false));
    return { view, tiers: tiers.map((each) => (each.tier === "redis" ? redis({ stored }) : each)) };
  }

  /** Loads from the database without Redis, which may not have heard of the commit that the reader wants. */
  loadOrigin(progress: Progress, { name, load }: Wanted): Promise<LoadedView> {
    const isPassed = this.deps.shared !== null && isShared(name);
    return this.fromDatabase(progress, load, isPassed ? tierOutcome("redis", "request") : null);
  }

  /** Looks until there is a view or a lease, or until the reader who loads has taken too long. */
  private async lookUp(progress: Progress, shared: ViewCache, userId: UserId, name: SharedViewName): Promise<Lookup> {
    const untilMs = this.deps.clock.monotonicMs() + WAIT_MOST_MS;
    for (let stepMs = WAIT_STEP_MS.first; ; stepMs = Math.min(stepMs * 2, WAIT_STEP_MS.most)) {
      const found = await shared.lookup(userId, name, LEASE_MS);
      if (found.kind !== "hit" && found.last !== null) progress.has(viewOfCached(found.last));
      if (found.kind !== "wait" || this.deps.clock.monotonicMs() >= untilMs) return found;
      // Another reader asks the database, and this one waits for it.
      progress.asks("postgres", tierOutcome("redis", "miss"));
      await this.deps.clock.sleep(stepMs);
    }
  }

  /** `redis`: the outcome at Redis so far; null if it was not asked. */
  private async fromDatabase(progress: Progress, load: Load, redis: TierOutcome | null): Promise<LoadedView> {
    const { clock } = this.deps;
    const startMs = clock.monotonicMs();
    progress.asks("postgres", redis);
    const { position, content } = await load();
    const postgres = tierOutcome("postgres", "hit", { tookMs: clock.monotonicMs() - startMs });
    const view: View = viewOf(position, content, clock.now());
    return { view, tiers: redis === null ? [postgres] : [postgres, redis] };
  }
}
