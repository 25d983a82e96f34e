import "server-only";
/** Wires the cache tiers and the event bus: Redis if several instances share it, otherwise this process's memory. */
import { MemoryEventBus } from "../../../adapters/memory/memory-event-bus";
import { MemoryHotCache } from "../../../adapters/memory/memory-hot-cache";
import { MemoryInstanceReports } from "../../../adapters/memory/memory-instance-reports";
import { MemoryWriteGuard } from "../../../adapters/memory/memory-write-guard";
import { L1Cache } from "../../../engine/reads/l1-cache";
import { TieredRead } from "../../../engine/reads/tiered-read";
import type { Clock } from "../../../ports/clock";
import type { EventBus } from "../../../ports/shared/event-bus";
import type { HotCache } from "../../../ports/shared/hot-cache";
import type { InstanceReports } from "../../../ports/shared/instance-reports";
import type { WriteGuard } from "../../../ports/shared/write-guard";
import type { Env } from "../../config/env";
import type { SharedTier } from "../app";

export interface Tiers {
  readonly bus: EventBus;
  readonly hot: HotCache;
  /** This process's own cache, which exists beside a shared one too. */
  readonly own: HotCache;
  readonly reports: InstanceReports;
  readonly guard: WriteGuard;
  readonly l1: L1Cache;
  readonly reader: TieredRead;
}

interface TierParts {
  /** Absent: Redis's, or one in memory. */
  readonly guard?: WriteGuard;
  readonly env: Env;
  readonly shared: SharedTier | null;
  readonly clock: Clock;
}

/** Builds memory (L1) and the shared tier. Without Redis, this process's memory takes its place. */
export function buildTiers({ env, shared, clock, guard }: TierParts): Tiers {
  const own = new MemoryHotCache(clock);
  const l1 = new L1Cache({
    maxBytes: env.L1_MAX_BYTES,
    // A single instance learns of every commit. With several, one may learn late of another's commit.
    ttlMs: shared ? env.FRESHNESS_TARGET_MS : Number.POSITIVE_INFINITY,
    strategies: env.strategies,
    now: () => clock.monotonicMs(),
  });
  const reader = new TieredRead({
    l1,
    shared: shared?.views ?? null,
    clock,
    timer: () => performance.now(),
    staleMaxMs: env.STALE_MAX_S * 1_000,
  });
  return {
    bus: shared?.bus ?? new MemoryEventBus(),
    hot: shared?.hot ?? own,
    own,
    reports: shared?.reports ?? new MemoryInstanceReports(clock),
    guard: guard ?? shared?.guard ?? new MemoryWriteGuard(clock),
    l1,
    reader,
  };
}
