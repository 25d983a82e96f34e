import "server-only";
/** The composition root: reads the environment, opens what it names, and wires ports to engine. One on globalThis, since each bundle has its own module state (platform.md). */
import { hash, randomBytes, randomUUID } from "node:crypto";
import { MemoryBudgets } from "../adapters/memory/memory-budgets";
import { MemoryEventBus } from "../adapters/memory/memory-event-bus";
import { MemoryHotCache } from "../adapters/memory/memory-hot-cache";
import { MemoryInstanceReports } from "../adapters/memory/memory-instance-reports";
import { MemoryWriteFence } from "../adapters/memory/memory-write-fence";
import { systemClock } from "../adapters/memory/system-clock";
import { MirrorLedger } from "../adapters/mirror/mirror-ledger";
import type { StatementsStats } from "../adapters/postgres/statements";
import type { UpstashClientStats } from "../adapters/upstash/client";
import type { EventBusStats } from "../adapters/upstash/event-bus";
import type { TopicId, UserId } from "../core/ids";
import type { TrustedPayers } from "../core/interpret";
import { followTopics } from "../engine/follow-topics";
import { InstanceReporter } from "../engine/instance-reporter";
import { DefinitionsGeneration, followCommits, renamedBy, ToldCommits } from "../engine/invalidate";
import { L1Cache } from "../engine/l1-cache";
import { LiveHub } from "../engine/live-hub";
import { Mender } from "../engine/mend";
import { PendingSignals } from "../engine/pending";
import { RegistryCache } from "../engine/registry-cache";
import { SignOuts } from "../engine/sign-outs";
import { SubmitService } from "../engine/submit";
import { type RegisteredTopic, SyncScheduler } from "../engine/sync-scheduler";
import { TieredRead } from "../engine/tiered-read";
import { TopicDoor } from "../engine/topic-door";
import { TopicRates } from "../engine/topic-rates";
import type { AccountStore } from "../ports/account-store";
import type { AdminStore } from "../ports/admin-store";
import type { Clock } from "../ports/clock";
import type { EventBus } from "../ports/event-bus";
import type { BudgetPolicy, HotCache } from "../ports/hot-cache";
import type { InstanceReports } from "../ports/instance-reports";
import type { Log } from "../ports/log";
import type { ShardRegistry } from "../ports/shard-registry";
import type { Submitter } from "../ports/submitter";
import type { SyncStore } from "../ports/sync-store";
import type { TopicCreator } from "../ports/topic-creator";
import { HotTierUnavailable, type ViewCache } from "../ports/view-cache";
import type { ViewStore } from "../ports/view-store";
import type { WriteFence } from "../ports/write-fence";
import { type AdminReads, adminReads } from "./admin-reads";
import { counted, type SubmitCounts } from "./counted-submitter";
import type { Env } from "./env";
import { composeReport } from "./instance-report";
import { MAX_COUNTED, RateLimits } from "./limits";
import { followApp } from "./metric-sources";
import { Metrics } from "./metrics";
import { SESSION_MS, Sessions } from "./session";
import { openShards, type Shards } from "./shards";
import { SignIn } from "./sign-in";
import { TopicChecks } from "./topic-checks";

/** The durable tier, for sync and for readers. */
export interface Stores {
  readonly sync: SyncStore;
  readonly views: ViewStore;
  readonly admin: AdminStore;
  /** Statements by purpose, and the circuit in front of the database. */
  stats(): StatementsStats;
  readonly accounts: AccountStore;
  readonly registry: ShardRegistry;
  close(): Promise<void>;
}

export interface App {
  readonly env: Env;
  readonly clock: Clock;
  readonly log: Log;
  readonly stores: Stores;
  readonly hot: HotCache;
  /** Several instances may share the hot tier; it is not this process's own. */
  readonly isShared: boolean;
  readonly bus: EventBus;
  readonly ledger: MirrorLedger;
  /** Which topics there are; `openTopics` loads it. */
  readonly registry: RegistryCache;
  readonly door: TopicDoor;
  readonly shards: Shards;
  readonly scheduler: SyncScheduler;
  readonly l1: L1Cache;
  readonly reader: TieredRead;
  readonly definitions: DefinitionsGeneration;
  readonly told: ToldCommits;
  readonly hub: LiveHub;
  readonly pending: PendingSignals;
  readonly submit: SubmitService;
  readonly sessions: Sessions;
  readonly metrics: Metrics;
  readonly rates: TopicRates;
  readonly checks: TopicChecks;
  readonly adminReads: AdminReads;
  readonly instanceId: string;
  readonly startedMs: number;
  readonly reporter: InstanceReporter;
  /** What was written to the ledger since the start. */
  readonly submitCounts: SubmitCounts;
  /** Commands by purpose, and how the subscription fares; null where nothing is shared. */
  readonly sharedStats: SharedTier["stats"] | null;
  readonly signIn: SignIn;
  readonly signOuts: SignOuts;
  readonly limits: RateLimits;
  readonly trustedPayers: TrustedPayers;
  /** The account that pays for what is submitted; null where nothing is. */
  readonly operatorId: string | null;
  /** To sign in as, on devnet. */
  readonly people: readonly { readonly userId: string; readonly name: string }[];
  /** Loads the registry of topics, and gives it those that are configured. Before that only the configured ones are known. */
  openTopics(): Promise<void>;
  close(): Promise<void>;
}

/** What the network is made of, whether configured or started here. */
export interface NetworkParts {
  readonly mirrorUrls: readonly string[];
  readonly topics: readonly RegisteredTopic[];
  readonly trustedPayers: TrustedPayers;
  readonly submitter: Submitter | null;
  readonly operatorId?: string | null;
  /** Null or absent: topics cannot be created here. */
  readonly creator?: TopicCreator | null;
  readonly people: App["people"];
  close(): Promise<void>;
}

/** What instances share, when there may be several. */
export interface SharedTier {
  readonly hot: HotCache;
  readonly views: ViewCache;
  readonly bus: EventBus;
  readonly reports: InstanceReports;
  stats(): UpstashClientStats & { readonly bus: EventBusStats };
  readonly fence: WriteFence;
  close(): Promise<void>;
}

export interface Parts {
  readonly env: Env;
  /** Null: this process is the only one. */
  readonly shared?: SharedTier | null;
  readonly stores: Stores;
  readonly network: NetworkParts;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Where the opened parts have been counting, if they have. */
  readonly metrics?: Metrics;
}

/** One second of budget may be saved up: a burst after a pause stays below what the public mirror refuses. */
const BUDGET_BURST_S = 1;
/** A request that would have to wait longer is refused, and its topic backs off. */
const BUDGET_WAIT_MS = 5_000;

/**
 * A token of the budget that all instances share; while that does not answer, of a quarter of it that is this instance's own,
 * so that a few instances without it stay below what the mirror allows.
 */
async function reserveFrom(hot: HotCache, own: HotCache, budget: BudgetPolicy): Promise<number | null> {
  try {
    return await hot.reserve("mirror", budget);
  } catch (cause) {
    if (!(cause instanceof HotTierUnavailable)) throw cause;
    return own.reserve("mirror", { ...budget, perSecond: budget.perSecond / 4, burst: Math.max(1, budget.burst / 4) });
  }
}

/** Looking up accounts that sign in may take one in so many of the mirror's requests. */
const SIGN_IN_SHARE = 4;

/** A backlog says how far it is, once for each of so many messages. */
const PROGRESS_EVERY = 1_000;

function progressLog(log: Log): (topicId: TopicId, cursor: number, added: number) => void {
  return (topicId, cursor, added) => {
    const isMilestone = Math.floor(cursor / PROGRESS_EVERY) > Math.floor((cursor - added) / PROGRESS_EVERY);
    if (isMilestone) log.info(`  topic ${topicId}: ${cursor.toLocaleString("en")} messages checked and stored`);
  };
}

/** Wires an app out of opened parts. Tests call it with their own. */
export function createApp({
  env,
  shared = null,
  stores,
  network,
  log,
  clock = systemClock,
  random = Math.random,
  metrics = new Metrics(),
}: Parts): App {
  const bus = shared?.bus ?? new MemoryEventBus();
  const own = new MemoryHotCache(clock);
  const hot = shared?.hot ?? own;
  const budget = { perSecond: env.MIRROR_RPS, burst: env.MIRROR_RPS * BUDGET_BURST_S, maxWaitMs: BUDGET_WAIT_MS };
  const ledger = new MirrorLedger({
    urls: network.mirrorUrls,
    clock,
    random,
    reserve: async () => {
      const waitMs = await reserveFrom(hot, own, budget);
      metrics.observeBudget(waitMs);
      return waitMs;
    },
    onRequest: metrics.observeMirror,
  });
  const logProgress = progressLog(log);
  const instanceId = randomUUID();
  const reporter = new InstanceReporter({
    reports: shared?.reports ?? new MemoryInstanceReports(clock, Number.POSITIVE_INFINITY),
    instanceId,
    compose: async () => JSON.stringify(await composeReport(app)),
    clock,
    log,
  });
  const mender = new Mender({ bus, clock, log });
  const gateMs = Math.max(50, Math.floor(env.FRESHNESS_TARGET_MS / 2));
  const registry = new RegistryCache({
    store: stores.registry,
    configured: network.topics,
    isShared: shared !== null,
    clock,
    log,
  });
  const rates = new TopicRates(clock);
  const commits = {
    store: stores.sync,
    ledger,
    bus,
    clock,
    log,
    sha384: (bytes: Uint8Array) => hash("sha384", bytes, "buffer"),
    trustedPayers: network.trustedPayers,
    renamedBy: (profiles: readonly UserId[]) => renamedBy(stores.views, profiles),
  };
  const scheduler = new SyncScheduler({
    ...commits,
    hot,
    mender,
    random,
    onProgress: (topicId, cursor, added) => {
      logProgress(topicId, cursor, added);
      rates.moved(topicId, cursor, cursor - added);
      if (shared !== null) reporter.notice();
    },
    registry,
    gateMs,
    freshnessTargetMs: env.FRESHNESS_TARGET_MS,
    policy: {
      gapGraceMs: env.GAP_GRACE_S * 1_000,
      holeBackoff: { baseMs: 1_000, maxMs: 15_000 },
      faultBackoff: { baseMs: 1_000, maxMs: 60_000 },
    },
  });
  const l1 = new L1Cache({
    maxBytes: env.L1_MAX_BYTES,
    // Alone in front of the database it learns of every commit; what others commit it may learn late.
    ttlMs: shared ? env.FRESHNESS_TARGET_MS : Number.POSITIVE_INFINITY,
    strategies: env.strategies,
    now: () => clock.now(),
  });
  const reader = new TieredRead({
    l1,
    shared: shared?.views ?? null,
    clock,
    timer: () => performance.now(),
    log,
    staleMaxMs: env.STALE_MAX_S * 1_000,
  });
  const hub = new LiveHub({
    views: stores.views,
    clock,
    log,
    demand: () => void scheduler.demand(),
    beatMs: gateMs,
    maxStreamMs: env.STREAM_MAX_S * 1_000,
    maxPerUser: env.STREAMS_PER_USER,
    maxStreams: env.STREAMS_PER_INSTANCE,
  });
  const definitions = new DefinitionsGeneration();
  const told = new ToldCommits();
  const unfollow = [
    followCommits({ bus, l1, hub, log }, definitions, told),
    followTopics({ bus, scheduler, rates, log }),
  ];
  const checks = new TopicChecks({
    ...commits,
    admin: stores.admin,
    mirrorRps: env.MIRROR_RPS,
    onUnpublished: (topicId, cursor) => mender.doubt(topicId, cursor),
  });
  const pending = new PendingSignals(clock, (topicId) => scheduler.syncs.get(topicId)?.cursor ?? null);
  const { submitter, counts: submitCounts } = counted(network.submitter);
  const fence = shared?.fence ?? new MemoryWriteFence(clock);
  const door = new TopicDoor({ registry, store: stores.registry, fence, scheduler, clock, log });
  const shards = openShards({
    ...{ stores, hot, ledger, submitter, creator: network.creator ?? null, clock, log },
    ...{ trustedPayers: network.trustedPayers, registryTopic: env.REGISTRY_TOPIC, prefix: env.TOPIC_PREFIX },
  });
  const submit = new SubmitService({
    submitter,
    hot,
    views: stores.views,
    pending,
    clock,
    door,
  });
  const secrets = env.sessionSecrets ?? [randomBytes(32).toString("base64url")];
  const signOuts = new SignOuts({
    store: stores.accounts,
    bus,
    clock,
    log,
    random,
    sessionMs: SESSION_MS,
    onSignOut: (userId) => hub.end(userId, "signed-out"),
  });
  const sessions = new Sessions({ secrets, network: env.HEDERA_NETWORK, isSecure: !env.isDevnet, clock, signOuts });
  const limits = new RateLimits({
    shared: shared?.hot ?? null,
    own: new MemoryBudgets(clock, MAX_COUNTED),
    clock,
    factor: env.RATE_LIMITS,
    proxyHops: env.proxyHops,
  });
  const signIn = new SignIn({
    secrets,
    network: env.HEDERA_NETWORK,
    domains: env.domains,
    clock,
    hot,
    ledger,
    accounts: stores.accounts,
    mirrorPerSecond: Math.max(1, env.MIRROR_RPS / SIGN_IN_SHARE),
  });
  const app: App = {
    ...{
      env,
      clock,
      log,
      stores,
      bus,
      hot,
      ledger,
      registry,
      door,
      shards,
      scheduler,
      l1,
      reader,
      definitions,
      told,
      hub,
      pending,
      submit,
      sessions,
      metrics,
      submitCounts,
      instanceId,
      reporter,
      signIn,
      signOuts,
      rates,
      checks,
      limits,
    },
    adminReads: adminReads(stores.admin, clock),
    startedMs: clock.now(),
    sharedStats: shared === null ? null : () => shared.stats(),
    isShared: shared !== null,
    trustedPayers: network.trustedPayers,
    operatorId: network.operatorId ?? null,
    people: network.people,
    openTopics: async () => {
      const published = await shards.published();
      if (!published.ok) log.warn("starting without the published registry", { reason: published.error });
      await registry.open(published.ok ? published.value : []);
    },
    close: async () => {
      reporter.close();
      checks.close();
      hub.close();
      for (const end of unfollow) end();
      signOuts.close();
      await shared?.close();
      await network.close();
      await stores.close();
    },
  };
  followApp(metrics.registry, app);
  return app;
}
