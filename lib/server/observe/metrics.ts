import "server-only";
/**
 * Metrics that are observed as things happen. They are in a registry of the app's own, because each bundle has its own copy of
 * prom-client with its own global registry (docs/measurements.md §1). metric-sources.ts adds the counters of other parts. Label
 * values are few and known beforehand; none names a user.
 */
import { Counter, collectDefaultMetrics, Registry } from "prom-client";
import { BOUNDS_MS, EMPTY } from "../../core/histogram";
import type { TierOutcome } from "../../engine/reads/tier-outcome";
import type { Elapsed } from "../../system/stopwatch";
import type { LatencyCounts, TierName } from "../../wire/operators/instance-report";
import { Timings } from "./timings";
import { trace } from "./tracing";

/** A page takes tens of milliseconds. The metrics of the tiers resolve shorter times. */
const REQUEST_BOUNDS_MS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000];
const STATUS_CLASSES = ["", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** A command, statement or request that succeeded or failed. */
export interface CallSample {
  readonly ms: number;
  readonly isError: boolean;
}

type Outcome = Exclude<TierOutcome["outcome"], "failed"> | "error";

const noReads = (): Record<Outcome, number> => ({ hit: 0, miss: 0, stale: 0, bypass: 0, request: 0, error: 0 });

let measured: Registry | null = null;

/**
 * Metrics of the process, in a registry apart from the app's. Their observers never end, and would keep an app's registry, and
 * so the app, in memory after its end.
 */
function processMetrics(): Registry {
  if (measured === null) {
    measured = new Registry();
    collectDefaultMetrics({ register: measured });
  }
  return measured;
}

export class Metrics {
  readonly registry = new Registry();

  private readonly requestSeconds = new Timings({
    name: "trustmesh_http_request_duration_seconds",
    help: "Requests by route and status class; for a stream, the time until it opens",
    labelNames: ["route", "status"],
    boundsMs: REQUEST_BOUNDS_MS,
    registry: this.registry,
  });
  private readonly refusals = new Counter({
    name: "trustmesh_rate_guard_refusals_total",
    help: "Requests that the rate guard refused before any route, by limit",
    labelNames: ["limit"],
    registers: [this.registry],
  });
  private readonly readsByTier: Readonly<Record<TierOutcome["tier"], Record<Outcome, number>>> = {
    l1: noReads(),
    redis: noReads(),
    postgres: noReads(),
    mirror: noReads(),
  };
  private readonly tierSeconds = new Timings({
    name: "trustmesh_tier_duration_seconds",
    help: "Time spent in a tier: an L1 look-up, a Redis command, an SQL statement",
    labelNames: ["tier"],
    boundsMs: BOUNDS_MS,
    registry: this.registry,
  });
  private readonly commandSeconds = new Timings({
    name: "trustmesh_redis_command_duration_seconds",
    help: "Redis commands by purpose, failed ones included",
    labelNames: ["purpose"],
    boundsMs: BOUNDS_MS,
    registry: this.registry,
  });
  private readonly statementSeconds = new Timings({
    name: "trustmesh_sql_statement_duration_seconds",
    help: "SQL statements by purpose, failed ones included",
    labelNames: ["purpose"],
    boundsMs: BOUNDS_MS,
    registry: this.registry,
  });
  private readonly mirrorSeconds = new Timings({
    name: "trustmesh_mirror_request_duration_seconds",
    help: "Requests to mirror nodes, without the wait for the budget",
    labelNames: ["mirror"],
    boundsMs: BOUNDS_MS,
    registry: this.registry,
  });

  private readonly requestsByStatus: Record<string, number> = {};
  private readonly budgetState = { waitMs: 0, refused: 0 };
  private readonly mirrorMs = new Map<string, number>();

  constructor() {
    const { registry, readsByTier } = this;
    new Counter({
      name: "trustmesh_tier_reads_total",
      help: "Answers of each tier to reads: hit, miss, stale (an outdated copy was served), bypass, request, error",
      labelNames: ["tier", "outcome"],
      registers: [registry],
      collect() {
        this.reset();
        for (const [tier, outcomes] of Object.entries(readsByTier))
          for (const [outcome, count] of Object.entries(outcomes)) if (count > 0) this.inc({ tier, outcome }, count);
      },
    });
  }

  /** `status` is the HTTP status of the answer. */
  observeRequest(route: string, status: number, ms: number): void {
    const statusClass = STATUS_CLASSES[Math.floor(status / 100)] ?? "";
    this.requestsByStatus[statusClass] = (this.requestsByStatus[statusClass] ?? 0) + 1;
    this.requestSeconds.observe(ms, route, statusClass);
  }

  observeRefusal(limit: string): void {
    this.refusals.inc({ limit });
  }

  /** Observes one read on its way through the tiers. */
  observeRead(tiers: readonly TierOutcome[]): void {
    for (const { tier, outcome, detail, tookMs } of tiers) {
      // A tier that was skipped because it is down says so in its detail. That is an error, not a miss.
      const isError = outcome === "failed" || (outcome === "miss" && detail !== null);
      this.readsByTier[tier][isError ? "error" : outcome] += 1;
      trace(() => {
        const attributes = { "trustmesh.outcome": outcome, ...(detail === null ? {} : { "trustmesh.detail": detail }) };
        return { name: `tier ${tier}`, ms: tookMs, isError, isCall: false, attributes };
      });
      // The tiers behind L1 are timed where they are called. A read's own time includes waiting for other reads.
      if (tier === "l1" && outcome === "hit") this.tierSeconds.observe(tookMs, tier);
    }
  }

  readonly observeCommand = ({ purpose, ms, isError }: CallSample & { readonly purpose: string }): void => {
    this.commandSeconds.observe(ms, purpose);
    this.tierSeconds.observe(ms, "redis");
    trace(() => ({ name: `redis ${purpose}`, ms, isError, isCall: true, attributes: { "db.system.name": "redis" } }));
  };

  readonly observeStatement = ({ purpose, ms, isError }: CallSample & { readonly purpose: string }): void => {
    this.statementSeconds.observe(ms, purpose);
    this.tierSeconds.observe(ms, "postgres");
    trace(() => ({
      name: `postgres ${purpose}`,
      ms,
      isError,
      isCall: true,
      attributes: { "db.system.name": "postgresql" },
    }));
  };

  readonly observeMirror = ({
    origin,
    ms,
    waitedMs,
    isError,
  }: CallSample & Elapsed & { readonly origin: string }): void => {
    this.mirrorSeconds.observe(ms, origin);
    this.mirrorMs.set(origin, this.mirrorMsOf(origin) + waitedMs);
    trace(() => ({ name: "mirror", ms, isError, isCall: true, attributes: { "server.address": origin } }));
  };

  /** The ms for which this process waited for the answers of a mirror. */
  mirrorMsOf(origin: string): number {
    return this.mirrorMs.get(origin) ?? 0;
  }

  /** The wait for the mirror budget in ms. Null if the wait would have been too long. */
  observeBudget(waitMs: number | null): void {
    if (waitMs === null) this.budgetState.refused += 1;
    else this.budgetState.waitMs = waitMs;
  }

  get budget(): { readonly waitMs: number; readonly refused: number } {
    return { ...this.budgetState };
  }

  /** By status class. */
  get requests(): Readonly<Record<string, number>> {
    return { ...this.requestsByStatus };
  }

  readsOf(tier: TierName): Readonly<Record<Outcome, number>> {
    return { ...this.readsByTier[tier] };
  }

  /** The tier's latencies as bucket counts, which can be summed over instances. */
  latencyOf(tier: TierName): LatencyCounts {
    const { counts, sumMs } = this.tierSeconds.of(tier) ?? EMPTY;
    return { counts: [...counts], sumMs };
  }

  /** All metrics in Prometheus' text format. Measuring of the process starts with the first call. */
  async text(): Promise<string> {
    return `${await this.registry.metrics()}\n${await processMetrics().metrics()}`;
  }
}
