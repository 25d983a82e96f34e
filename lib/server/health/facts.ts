import "server-only";
/** Gathers what an instance knows of its own health from its parts. Asks no tier and no mirror. */
import { getHeapStatistics } from "node:v8";
import { FOREIGN } from "../../adapters/mirror/mirror-ledger";
import type { Calls, HealthFacts, RedisPersistence, StoredFacts, SyncFacts } from "../../core/health/health-facts";
import { toMs } from "../../core/ledger/consensus-time";
import type { SyncPhase } from "../../core/sync/sync-phase";
import type { KnownTopic } from "../admin/reads";
import type { App } from "../boot/app";

/** Counters of the parts at one moment. They count from the start. */
export interface Tally {
  readonly atMs: number;
  readonly eventLoopIdleMs: number | null;
  readonly postgres: Count;
  readonly redis: Count;
  readonly mirrors: ReadonlyMap<string, Count>;
  readonly budgetRefused: number;
}

interface Count {
  readonly sent: number;
  readonly failed: number;
  readonly ms: number;
}

/** Facts that only the health watch has. */
export interface Watched {
  /** Counters of an earlier moment, with the tier or mirror never down since then. Null if no such moment is recent enough. */
  readonly before: (name: string) => Tally | null;
  readonly isPostgresSilent: boolean;
  readonly isRedisSilent: boolean;
  /** The first sync is under way, and not for long. */
  readonly isStartQuick: boolean;
  readonly isStarting: boolean;
  readonly isSettling: boolean;
  readonly deafMs: number;
  readonly persistence: RedisPersistence | null;
  readonly unknownTopics: readonly string[];
  readonly clocksAhead: HealthFacts["clocksAhead"];
}

/** A failed write this old says nothing about the next one. */
const FAILED_WRITE_MS = 900_000;

const NONE: Count = { sent: 0, failed: 0, ms: 0 };
const plus = (a: Count, b: Count): Count => ({
  sent: a.sent + b.sent,
  failed: a.failed + b.failed,
  ms: a.ms + b.ms,
});

/** The counters of all tiers now. Two tallies give the calls between them. */
export function tallyOf({ stores, sharedStats, ledger, metrics, clock }: App): Tally {
  const statements = Object.values(stores.stats().byPurpose).map(
    ({ statements: sent, errors: failed, waitedMs: ms }): Count => ({ sent, failed, ms }),
  );
  const commands = Object.values(sharedStats?.().byPurpose ?? {}).map(
    ({ commands: sent, errors: failed, waitedMs: ms }): Count => ({ sent, failed, ms }),
  );
  const mirrors = ledger
    .states()
    .map(({ origin, requests: sent, errors: failed }): [string, Count] => [
      origin,
      { sent, failed, ms: metrics.mirrorMsOf(origin) },
    ]);
  return {
    atMs: clock.monotonicMs(),
    eventLoopIdleMs: clock.eventLoopIdleMs?.() ?? null,
    postgres: statements.reduce(plus, NONE),
    redis: commands.reduce(plus, NONE),
    mirrors: new Map(mirrors),
    budgetRefused: metrics.budget.refused,
  };
}

function callsBetween(before: Count | undefined, after: Count | undefined): Calls | null {
  if (before === undefined || after === undefined) return null;
  const sent = after.sent - before.sent;
  return { sent, failed: after.failed - before.failed, meanMs: sent === 0 ? null : (after.ms - before.ms) / sent };
}

function busyShareBetween(before: Tally | null, now: Tally): number | null {
  if (before === null || before.eventLoopIdleMs === null || now.eventLoopIdleMs === null) return null;
  return 1 - (now.eventLoopIdleMs - before.eventLoopIdleMs) / (now.atMs - before.atMs);
}

/** The facts that `judge` (lib/core/health/judgement) needs, from this process's counters and what it has watched. */
export function factsOf(app: App, now: Tally, watched: Watched): HealthFacts {
  const { clock, stores, sharedStats, ledger, scheduler, doorbells, adminReads, written } = app;
  const reason = doorbells?.trouble ?? null;
  const sql = stores.stats();
  const shared = sharedStats?.() ?? null;
  const head = scheduler.mirrorHeadNs;
  const failing = written.failing();
  return {
    nowMs: clock.now(),
    postgres: {
      circuit: sql.circuit,
      answers: !watched.isPostgresSilent,
      lastError: sql.lastError,
      calls: callsBetween(watched.before("postgres")?.postgres, now.postgres),
      // The embedded database uses this machine's clock.
      clockAheadMs: app.env.DATABASE_URL === undefined ? null : adminReads.clockAheadMs(),
    },
    redis: shared && {
      circuit: shared.circuit,
      answers: !watched.isRedisSilent,
      lastError: shared.lastError,
      calls: callsBetween(watched.before("redis")?.redis, now.redis),
      deafMs: watched.deafMs,
      persistence: watched.persistence,
    },
    mirrors: ledger.states().map(({ origin, circuit, lastError, clockAheadMs }) => ({
      ...{ origin, circuit, lastError, clockAheadMs },
      calls: callsBetween(watched.before(origin)?.mirrors.get(origin), now.mirrors.get(origin)),
    })),
    doorbellDown: doorbells === null || reason === null ? null : { name: doorbells.name, reason },
    mirrorHeadMs: head === null ? null : toMs(head),
    budgetRefused: now.budgetRefused - (watched.before("budget")?.budgetRefused ?? now.budgetRefused),
    devnetEnded: app.devnetEnded(),
    unknownTopics: watched.unknownTopics,
    keysUnknown: app.signatures.trouble,
    isStarting: watched.isStarting,
    isSettling: watched.isSettling,
    topics: syncFactsOf(app, watched),
    stored: (adminReads.topics.last?.value ?? []).map(storedFactsOf),
    failedWrite: failing !== null && clock.monotonicMs() - failing.lastMonotonicMs < FAILED_WRITE_MS ? failing : null,
    isAnyPayerTrusted: app.trustedPayers === "*",
    isBondingLoose: app.env.isPublic && !app.env.isStrict,
    busyShare: busyShareBetween(watched.before("process"), now),
    memory: memoryShares(),
    clocksAhead: watched.clocksAhead,
  };
}

function syncFactsOf(
  { scheduler, clock, adminReads }: App,
  { isStartQuick }: Pick<Watched, "isStartQuick">,
): readonly SyncFacts[] {
  const stored = adminReads.topics.last?.value ?? [];
  return [...scheduler.syncs].map(([topicId, { state, lastError, isReset }]) => {
    const asOfNs = scheduler.asOfNs(topicId);
    return {
      topicId,
      // Syncs time their holes with the monotonic clock, which never jumps.
      state: onWallClock(state, clock.now() - clock.monotonicMs()),
      lastError,
      // The sync reports `topic-reset`, and the mirror's adapter `mirror-foreign`.
      isNamedElsewhere: isReset || lastError === FOREIGN.message,
      lagMs: scheduler.lagMs(topicId),
      asOfMs: asOfNs === null ? null : toMs(asOfNs),
      isSyncingAgain:
        !isStartQuick &&
        !scheduler.isRead(topicId) &&
        stored.some((topic) => topic.topicId === topicId && topic.syncAgainThrough !== null),
    };
  });
}

function onWallClock(state: SyncPhase, aheadMs: number): SyncPhase {
  const hole = "hole" in state ? state.hole : null;
  if (hole === null) return state;
  return { ...state, hole: { ...hole, firstSeenMs: Math.round(hole.firstSeenMs + aheadMs) } } as SyncPhase;
}

function storedFactsOf(topic: KnownTopic): StoredFacts {
  const { topicId, counts, failedSequences, gaps, gapCount, paused, pause } = topic;
  const declared = gaps.filter(({ state }) => state === "declared");
  return {
    topicId,
    failed: counts.failed,
    failedSequences,
    gaps: declared,
    gapCount: declared.length + gapCount - gaps.length,
    unproven: counts.unproven,
    work: topic.isDropping ? "dropping" : topic.projected === null ? null : "folding",
    paused: paused ? { by: pause?.actor ?? null, sinceMs: pause?.atMs ?? null } : null,
  };
}

/** The used share of V8's heap limit, and of the memory that the container or machine allows the process. */
function memoryShares(): HealthFacts["memory"] {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  const constrained = process.constrainedMemory();
  return {
    heapShare: used / limit,
    // Without a limit, the value is 0 or larger than any machine.
    rssShare: constrained > 0 ? process.memoryUsage.rss() / constrained : 0,
  };
}
