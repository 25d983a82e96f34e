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
import type { L1Cache, View } from "./l1-cache";

/** What one tier had to say, for Cache-Status (RFC 9211) and Server-Timing. */
export interface TierReport {
  readonly tier: "l1" | "redis" | "postgres";
  readonly outcome: "hit" | "miss" | "stale" | "bypass";
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

/** A view's content at a position, as the durable store has it. */
export type Load = () => Promise<{ readonly position: number; readonly content: Readonly<Record<string, unknown>> }>;

export interface TieredReadDeps {
  readonly l1: L1Cache;
  readonly clock: Clock;
  readonly log: Log;
  /** A copy older than this is not served even in an outage. */
  readonly staleMaxMs: number;
}

export interface Unavailable {
  readonly code: "unavailable";
  readonly tier: "postgres";
}

export class TieredRead {
  private readonly loads = new Map<string, Promise<View>>();

  constructor(private readonly deps: TieredReadDeps) {}

  async read(userId: UserId, name: string, load: Load): Promise<Result<ReadResult, Unavailable>> {
    const { l1, clock } = this.deps;
    const cached = l1.get(userId, name);
    if (cached && cached.ttlMs > 0) {
      l1.counters.hits += 1;
      const hit: TierReport = {
        tier: "l1",
        outcome: "hit",
        stored: false,
        ttlSeconds: Math.ceil(cached.ttlMs / 1_000),
        detail: null,
        tookMs: 0,
      };
      return ok({ view: cached.view, tiers: [hit], isStaleCopy: false });
    }
    l1.counters.misses += 1;
    const startMs = clock.now();
    const generation = l1.generation(userId);
    try {
      const view = await this.loadOnce(`${name} ${generation} ${userId}`, load);
      const tookMs = clock.now() - startMs;
      const stored = l1.fill(userId, name, view, generation);
      return ok({
        view,
        tiers: [
          { tier: "postgres", outcome: "hit", stored: false, ttlSeconds: null, detail: null, tookMs },
          { tier: "l1", outcome: "miss", stored, ttlSeconds: null, detail: null, tookMs: 0 },
        ],
        isStaleCopy: false,
      });
    } catch (cause) {
      if (!(cause instanceof StoreUnavailable)) throw cause;
      this.deps.log.warn("the database did not answer a read", { cause });
      if (!cached || clock.now() - cached.view.readMs > this.deps.staleMaxMs)
        return err({ code: "unavailable", tier: "postgres" });
      l1.counters.stale += 1;
      const tookMs = clock.now() - startMs;
      const stale: TierReport = {
        tier: "l1",
        outcome: "stale",
        stored: false,
        ttlSeconds: null,
        detail: "postgres-unavailable",
        tookMs,
      };
      return ok({ view: cached.view, tiers: [stale], isStaleCopy: true });
    }
  }

  /** The key holds the generation: who comes after a commit does not join a load that began before it. */
  private loadOnce(key: string, load: Load): Promise<View> {
    const running = this.loads.get(key);
    if (running) return running;
    const promise = load()
      .then(({ position, content }) => viewOf(position, content, this.deps.clock.now()))
      .finally(() => this.loads.delete(key));
    this.loads.set(key, promise);
    return promise;
  }
}

/** The view of a content: its position in front of the tag lets people read it, its digest makes it strong. */
export function viewOf(position: number, content: Readonly<Record<string, unknown>>, readMs: number): View {
  const json = JSON.stringify({ ...content, position });
  // Not Buffer.from: a small view out of its pool would keep 8 KB alive for as long as it is cached.
  const body = Buffer.allocUnsafeSlow(Buffer.byteLength(json));
  body.write(json);
  const digest = createHash("sha256").update(body).digest("base64url").slice(0, 16);
  return { body, etag: `"${position}-${digest}"`, position, readMs };
}
