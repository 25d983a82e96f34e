import "server-only";
/** This instance's report, for the other instances and for `GET /api/admin/status`. */
import { InstanceReport, type TierReport } from "../../wire/operators/instance-report";
import type { App } from "../boot/app";
import type { InstanceSample } from "./minute-history";
import { VERSION } from "./version";

/** Counts since the start. No I/O. */
export function composeReport(app: App): InstanceReport {
  const { metrics, hub, ledger, scheduler, written } = app;
  app.history.observe();
  const statements = Object.entries(app.stores.stats().byPurpose);
  const shared = app.sharedStats?.() ?? null;
  const syncs = [...scheduler.syncs.values()].map(({ counts }) => counts);
  const { published = 0, received = 0, missed = 0, connections = 0 } = shared?.bus ?? {};
  const { rss, heapUsed } = process.memoryUsage();
  return {
    form: 1,
    instanceId: app.instanceId,
    place: app.place,
    version: VERSION,
    startedMs: app.startedMs,
    reportedMs: app.clock.now(),
    tiers: { l1: l1Tier(app), redis: redisTier(app), postgres: postgresTier(app) },
    mirrors: [...ledger.states()],
    // Without Redis the bus is in this process.
    isEventBusConnected: shared?.bus.isConnected ?? true,
    memory: { rssBytes: rss, heapBytes: heapUsed },
    incidents: [...app.incidents.current()],
    history: app.history.columns(),
    errors: app.errors.list(),
    requests: { ...metrics.requests },
    commands: happened(Object.entries(shared?.byPurpose ?? {}).map(([name, { commands }]) => [name, commands])),
    statements: happened(statements.map(([name, { statements: sent }]) => [name, sent])),
    streams: { open: hub.size, ...hub.counts },
    events: { published, received, missed, connections },
    budget: metrics.budget,
    sync: {
      commits: sum(syncs.map(({ commits }) => commits)),
      conflicts: sum(syncs.map(({ conflicts }) => conflicts)),
      messages: sum(syncs.map(({ messages }) => messages)),
      gaps: sum(syncs.map(({ gaps }) => gaps)),
    },
    submits: { ...written.counts },
  };
}

/** The latest report of every instance, this one's first and current. Reports that this release cannot read are left out. */
export async function reportsOf(app: App): Promise<readonly InstanceReport[]> {
  const told = await app.reporter.everybody();
  const reports = told.flatMap((text) => {
    const report = InstanceReport.safeParse(JSON.parse(text));
    return report.success ? [report.data] : [];
  });
  const others = reports.filter(({ instanceId }) => instanceId !== app.instanceId);
  app.health.heard(others);
  return withoutReplaced([composeReport(app), ...others.sort((a, b) => a.startedMs - b.startedMs)]);
}

/**
 * Leaves out instances that ended without a message. Only one process can listen on a host's port, so a later start there
 * proves that the earlier process has ended. Hosts may share a name by mistake, so an instance that reported after that start
 * stays.
 */
export function withoutReplaced(reports: readonly InstanceReport[]): readonly InstanceReport[] {
  const spotOf = ({ place }: InstanceReport) => (place !== null && /:\d+$/.test(place.host) ? place.host : null);
  const isReplacedBy = (report: InstanceReport, other: InstanceReport) =>
    spotOf(other) === spotOf(report) && other.startedMs > report.reportedMs;
  return reports.filter((report) => spotOf(report) === null || !reports.some((other) => isReplacedBy(report, other)));
}

/** Counters and levels for the minute history. No I/O. */
export function instanceSampleOf({ metrics, l1, sharedStats, stores, ledger, scheduler, hub }: App): InstanceSample {
  const lags = scheduler.topics.flatMap(({ topicId }) =>
    scheduler.syncs.get(topicId)?.state.name === "paused" ? [] : [scheduler.lagMs(topicId)],
  );
  return {
    requests: sum(Object.values(metrics.requests)),
    l1Hits: l1.counters.hits,
    l1Misses: l1.counters.misses,
    commands: sum(Object.values(sharedStats?.().byPurpose ?? {}).map(({ commands }) => commands)),
    statements: sum(Object.values(stores.stats().byPurpose).map(({ statements }) => statements)),
    mirrorRequests: sum(ledger.states().map(({ requests }) => requests)),
    messages: sum([...scheduler.syncs.values()].map(({ counts }) => counts.messages)),
    openStreams: hub.size,
    lagMs: lags.length === 0 ? null : Math.max(...lags),
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
/** Leaves out zero counts to keep the report small. */
const happened = (counts: readonly (readonly [string, number])[]) =>
  Object.fromEntries(counts.filter(([, count]) => count > 0));

function l1Tier({ l1, metrics }: App): TierReport {
  const { hits, misses, stale } = l1.counters;
  return { hits, misses, stale, errors: 0, bytes: l1.bytes, breaker: null, latency: metrics.latencyOf("l1") };
}

function redisTier({ metrics, sharedStats }: App): TierReport {
  const reads = metrics.readsOf("redis");
  const stats = sharedStats?.() ?? null;
  const purposes = Object.values(stats?.byPurpose ?? {});
  return {
    hits: reads.hit,
    misses: reads.miss,
    stale: reads.stale,
    errors: sum(purposes.map(({ errors, refused }) => errors + refused)),
    bytes: sum(purposes.map(({ sentBytes, receivedBytes }) => sentBytes + receivedBytes)),
    breaker: stats?.circuit ?? null,
    latency: metrics.latencyOf("redis"),
  };
}

function postgresTier({ metrics, stores }: App): TierReport {
  const reads = metrics.readsOf("postgres");
  const purposes = Object.values(stores.stats().byPurpose);
  return {
    hits: reads.hit,
    misses: reads.miss,
    stale: reads.stale,
    errors: sum(purposes.map(({ errors, refused }) => errors + refused)),
    bytes: 0,
    breaker: stores.stats().circuit,
    latency: metrics.latencyOf("postgres"),
  };
}
