/**
 * Reads through the tiers, filling upwards. Readers of one view share a single flight. A reader who waits for it longer than the
 * soft limit is served the last good copy, marked stale, while the load goes on and fills; without a copy the reader waits up to the
 * hard limit. If a tier fails, the last good copy is served too, as long as it is not too old.
 */
import type { Awaitable } from "../../core/awaitable";
import { keyOf } from "../../core/key";
import type { UserId } from "../../core/ledger/ids";
import { err, ok, type Result } from "../../core/result";
import type { Clock } from "../../ports/clock";
import type { ViewCache } from "../../ports/shared/view-cache";
import { ifDown } from "../../ports/tier-unavailable";
import type { L1Cache } from "./l1-cache";
import { type LoadedView, type LoadFailure, SingleFlight } from "./single-flight";
import { type TierOutcome, tierOutcome } from "./tier-outcome";
import type { View } from "./view";
import { type Load, ViewLoader, type Wanted } from "./view-loader";

/** A view, and the way by which it was found. */
export interface ReadResult {
  readonly view: View;
  /** Closest to the origin first. */
  readonly tiers: readonly TierOutcome[];
  /** The copy could not be refreshed, or not in time. */
  readonly isStaleCopy: boolean;
}

export interface TieredReadDeps {
  readonly l1: L1Cache;
  /** Redis; null if there is only this instance. */
  readonly shared: ViewCache | null;
  readonly clock: Clock;
  /** The time in milliseconds, fine enough to time a look into memory. Only differences count. */
  readonly timer?: () => number;
  /** A copy older than this is not served even in an outage. */
  readonly staleMaxMs: number;
}

/**
 * The copies that a reader accepts. `any`: an outdated copy in an outage. `current`: no copy older than the commits that this
 * instance has heard of. `origin`: the store has a commit that caches have not heard of yet, and the reader wants it.
 */
export type Need = "any" | "current" | "origin";

/** No tier has a view that is recent enough. `tier`: the one that failed. */
export interface Unavailable {
  readonly code: "unavailable";
  readonly tier: LoadFailure["tier"];
}

export class TieredRead {
  private readonly flights = new Map<string, SingleFlight>();
  private readonly loader: ViewLoader;
  private readonly timer: () => number;

  constructor(private readonly deps: TieredReadDeps) {
    this.loader = new ViewLoader(deps);
    this.timer = deps.timer ?? (() => deps.clock.monotonicMs());
  }

  /**
   * Reads a view of a user through the tiers. `load` reads it from the store if no tier has it. Answers a fresh copy in memory at once,
   * without a promise. `unavailable` if the store is down and no copy is recent enough.
   */
  read(userId: UserId, name: string, load: Load, need: Need = "any"): Awaitable<Result<ReadResult, Unavailable>> {
    const { l1 } = this.deps;
    if (need === "origin") return this.readOrigin({ userId, name, load });
    const startMs = this.timer();
    const cached = l1.get(userId, name);
    if (cached && cached.ttlMs > 0) {
      l1.counters.hits += 1;
      const ttlSeconds = Math.ceil(cached.ttlMs / 1_000);
      const hit = tierOutcome("l1", "hit", { ttlSeconds, tookMs: this.timer() - startMs });
      return ok({ view: cached.view, tiers: [hit], isStaleCopy: false });
    }
    l1.counters.misses += 1;
    return this.readBelow({ userId, name, load }, cached?.view ?? null, need);
  }

  /** Joins the load under way, or begins one. `known`: the outdated copy in memory; null if there is none. */
  private async readBelow(wanted: Wanted, known: View | null, need: Need): Promise<Result<ReadResult, Unavailable>> {
    const { l1 } = this.deps;
    const flight = this.flightOf(wanted);
    const copy = () => (need === "any" ? this.latestUsable([known, flight.last]) : null);
    const loaded = await flight.wait(() => copy() !== null);
    if (loaded.ok) return ok({ ...loaded.value, isStaleCopy: false });
    const last = copy();
    if (last === null) return err({ code: "unavailable", tier: loaded.error.tier });
    l1.counters.stale += 1;
    const tiers = flight.staleTiers(loaded.error, last === known ? "l1" : "redis");
    return ok({ view: last, tiers, isStaleCopy: true });
  }

  /** Does not join a load under way, which may have begun before the commit that this reader wants. */
  private async readOrigin(wanted: Wanted): Promise<Result<ReadResult, Unavailable>> {
    const generation = this.deps.l1.generation(wanted.userId);
    const flight = new SingleFlight(this.deps.clock, (progress) =>
      this.filling(wanted, generation, "request", () => this.loader.loadOrigin(progress, wanted)),
    );
    const loaded = await flight.wait(() => false);
    return loaded.ok
      ? ok({ ...loaded.value, isStaleCopy: false })
      : err({ code: "unavailable", tier: loaded.error.tier });
  }

  /** The latest copy among those that are young enough to be served in an outage. */
  private latestUsable(copies: readonly (View | null)[]): View | null {
    const oldestMs = this.deps.clock.now() - this.deps.staleMaxMs;
    const usable = copies.filter((view) => view !== null).filter(({ readMs }) => readMs >= oldestMs);
    return usable.sort((a, b) => b.position - a.position || b.readMs - a.readMs)[0] ?? null;
  }

  /** The load under way, or a new one. The key holds the generation: a read after a commit does not join a load from before it. */
  private flightOf(wanted: Wanted): SingleFlight {
    const { l1, clock } = this.deps;
    const { userId, name } = wanted;
    const generation = l1.generation(userId);
    const key = keyOf(name, generation, userId);
    const running = this.flights.get(key);
    if (running) return running;
    const flight = new SingleFlight(clock, (progress) =>
      this.filling(wanted, generation, "miss", () => this.loader.load(progress, wanted)).finally(() =>
        this.flights.delete(key),
      ),
    );
    this.flights.set(key, flight);
    return flight;
  }

  /** Loads and fills memory. The error of a database that is down becomes a value. */
  private filling(
    { userId, name }: Wanted,
    generation: number,
    outcome: "miss" | "request",
    load: () => Promise<LoadedView>,
  ): Promise<Result<LoadedView, LoadFailure>> {
    const filled = ({ view, tiers }: LoadedView): Result<LoadedView, LoadFailure> => {
      const stored = this.deps.l1.fill(userId, name, view, generation);
      return ok({ view, tiers: [...tiers, tierOutcome("l1", outcome, { stored })] });
    };
    const isDown = (): Result<LoadedView, LoadFailure> => err({ tier: "postgres", reason: "unavailable" });
    return load().then(filled, ifDown("postgres", isDown));
  }
}
