import "server-only";
/** The composition root: wires opened parts into an app. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { systemClock } from "../../adapters/memory/system-clock";
import { send } from "../../adapters/mirror/send";
import { Incidents } from "../../engine/health/incidents";
import { InstanceReporter } from "../../engine/health/instance-reporter";
import { followTopics } from "../../engine/live/follow-topics";
import { LiveHub } from "../../engine/live/live-hub";
import { DefinitionsGeneration, followCommits, HeardCommits } from "../../engine/reads/invalidate";
import { watchStore } from "../../engine/repair/store-watch";
import { watchUnreadable } from "../../engine/repair/unreadable-watch";
import { adminReads } from "../admin/reads";
import { instancePlace } from "../config/instance-name";
import { HealthWatch } from "../health/watch";
import { RememberedAnswers } from "../http/answers/remembered-answers";
import { ReadersSeen } from "../mirror/readers-seen";
import { composeReport, instanceSampleOf } from "../observe/instance-report";
import { followApp } from "../observe/metric-sources";
import { Metrics } from "../observe/metrics";
import { MinuteHistory } from "../observe/minute-history";
import { RecentErrors } from "../observe/recent-errors";
import { UiOrigin } from "../ui-origin/ui-origin";
import type { App, Parts } from "./app";
import { OfferedDefinitions } from "./catalogue";
import { FirstSync } from "./first-sync";
import { buildAccess } from "./parts/access";
import { buildLedger } from "./parts/mirror";
import { buildPublicMirror } from "./parts/public-mirror";
import { buildSync } from "./parts/sync";
import { buildTiers } from "./parts/tiers";
import { buildWrites } from "./parts/writes";

/** Wires an app from opened parts. Tests call it with their own parts. */
export function createApp({
  env,
  shared = null,
  stores,
  network,
  doorbell = null,
  log: writtenLog,
  clock = systemClock,
  random = Math.random,
  guard,
  sendToMirror = send,
  metrics = new Metrics(),
  tracing = null,
  place = instancePlace(process.env, hostname(), env.PORT),
}: Parts): App {
  const errors = new RecentErrors(clock);
  const log = errors.following(writtenLog);
  // Other instances learn of a change at once.
  const incidents = new Incidents({ clock, log, onChange: () => shared !== null && reporter.notice() });
  const tiers = buildTiers({ env, shared, clock, ...(guard && { guard }) });
  const { bus, hot, l1, reader } = tiers;
  const ledger = buildLedger({
    urls: network.mirrorUrls,
    perSecond: env.MIRROR_RPS,
    ...{ tiers, clock, random, metrics, incidents, send: sendToMirror },
  });
  const instanceId = randomUUID();
  const reporter = new InstanceReporter({
    reports: tiers.reports,
    instanceId,
    compose: async () => JSON.stringify(composeReport(app)),
    clock,
    log,
  });
  const isShared = shared !== null;
  const gateMs = Math.max(50, Math.floor(env.FRESHNESS_TARGET_MS / 2));
  const sync = buildSync({
    ...{ env, isShared, stores, network, tiers, ledger, gateMs, clock, log, random, incidents },
    ...{ doorbell, instanceId },
    onProgress: () => {
      if (isShared) reporter.notice();
    },
  });
  const { scheduler, rates, registry, checks, rereading, packing } = sync;
  const hub = new LiveHub({
    views: stores.views,
    clock,
    log,
    demand: () => {
      sync.doorbells?.watch();
      void scheduler.demand("page");
    },
    freshness: () => scheduler.freshness(),
    freshnessTargetMs: env.FRESHNESS_TARGET_MS,
    beatMs: gateMs,
    maxStreamMs: env.STREAM_MAX_S * 1_000,
    maxPerUser: env.STREAMS_PER_USER,
    maxStreams: env.STREAMS_PER_INSTANCE,
  });
  const definitions = new DefinitionsGeneration();
  const offered = new OfferedDefinitions({
    views: stores.views,
    definitions,
    trustedPayers: network.trustedPayers,
    clock,
    ttlMs: isShared ? env.FRESHNESS_TARGET_MS : Number.POSITIVE_INFINITY,
  });
  const heard = new HeardCommits();
  const unfollow = [
    watchUnreadable(stores.unreadable, { incidents, clock }),
    followCommits({ bus, l1, hub, incidents, log }, definitions, heard),
    followTopics({ bus, scheduler, registry, rates, log }),
    watchStore({
      ...{ stamp: stores.stamp, store: stores.sync, bus, incidents, log },
      startOver: () => {
        heard.clear();
        scheduler.startOver();
      },
      restore: () => registry.restore(),
    }),
  ];
  const publicMirror = buildPublicMirror({ env, tiers, ledger, scheduler, clock });
  const reads = adminReads(stores, clock);
  const writes = buildWrites({ incidents, env, stores, network, tiers, sync, ledger, clock, log, adminReads: reads });
  const access = buildAccess({
    ...{ env, shared, stores, network, scheduler, registry, tiers, ledger, hub, clock, log, random },
  });
  const app: App = {
    ...{ env, clock, log, incidents, stores, metrics, tracing, instanceId, place, reporter, isShared },
    ...{ bus, hot, l1, reader, ledger, publicMirror, definitions, offered, heard, hub },
    ...sync,
    ...writes,
    ...access,
    adminReads: reads,
    errors,
    history: new MinuteHistory(() => instanceSampleOf(app), clock),
    health: new HealthWatch(() => app),
    ui: env.UI_ORIGIN === null ? null : new UiOrigin({ origin: env.UI_ORIGIN, incidents }),
    remembered: new RememberedAnswers(clock),
    readersSeen: new ReadersSeen(),
    firstSync: new FirstSync({ scheduler, ledger, clock, log }),
    startedMs: clock.now(),
    sharedStats: shared === null ? null : () => shared.stats(),
    sharedPersistence: shared === null ? null : () => shared.persistence(),
    sharedViews: shared?.views ?? null,
    trustedPayers: network.trustedPayers,
    operatorId: network.operatorId ?? null,
    people: network.people,
    devnetEnded: () => network.ended?.() ?? null,
    openTopics: async () => {
      const published = await writes.shards.published();
      if (!published.ok) log.warn("starting without the published registry", { reason: published.error });
      await registry.open(published.ok ? published.value : []);
      rereading.notice();
    },
    close: async () => {
      app.health.close();
      await app.batches?.close();
      app.firstSync.close();
      await reporter.close();
      checks.close();
      await rereading.close();
      await packing?.close();
      hub.close();
      for (const end of unfollow) end();
      await sync.doorbells?.close();
      access.signOuts.close();
      app.ui?.close();
      await shared?.close();
      await network.close();
      await stores.close();
      await tracing?.close();
    },
  };
  followApp(metrics.registry, app);
  return app;
}
