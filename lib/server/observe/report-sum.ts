import "server-only";
/** Sums the reports of all instances. */
import { countOf, EMPTY, merge, quantileMs } from "../../core/histogram";
import type { AdminStatus, InstanceStatus } from "../../wire/operators/admin";
import {
  type InstanceReport,
  type LatencyCounts,
  TIER_NAMES,
  type TierName,
  type TierReport,
  type TierStatus,
} from "../../wire/operators/instance-report";

type Tiers<T> = Readonly<Record<TierName, T>>;
type Breaker = TierReport["breaker"];
type Mirror = InstanceReport["mirrors"][number];

const WORST: readonly Breaker[] = ["open", "half-open", "closed", null];
const worst = <T extends Breaker>(breakers: readonly T[]): T => WORST.find((each) => breakers.includes(each as T)) as T;

/** Adds up the reports of instances. A tier's circuit breaker is the worst of all. */
export function sumReports(reports: readonly InstanceReport[]): AdminStatus["total"] {
  const tierSum = (name: TierName) => tierStatus(sumTiers(reports.map(({ tiers }) => tiers[name])));
  return {
    tiers: { l1: tierSum("l1"), redis: tierSum("redis"), postgres: tierSum("postgres") },
    memory: sumOf(reports.map(({ memory }) => memory)),
    requests: sumByName(reports.map(({ requests }) => requests)),
    commands: sumByName(reports.map(({ commands }) => commands)),
    statements: sumByName(reports.map(({ statements }) => statements)),
    streams: sumOf(reports.map(({ streams }) => streams)),
    events: sumOf(reports.map(({ events }) => events)),
    // Waits do not add up, so this is the longest one.
    budget: {
      waitMs: Math.max(0, ...reports.map(({ budget }) => budget.waitMs)),
      refused: reports.reduce((sum, { budget }) => sum + budget.refused, 0),
    },
    sync: sumOf(reports.map(({ sync }) => sync)),
    submits: sumOf(reports.map(({ submits }) => submits)),
  };
}

/** By origin: summed counts, the worst circuit, and one instance's last error. */
export function sumMirrors(reports: readonly InstanceReport[]): Mirror[] {
  const byOrigin = new Map<string, Mirror[]>();
  for (const mirror of reports.flatMap(({ mirrors }) => mirrors))
    byOrigin.set(mirror.origin, [...(byOrigin.get(mirror.origin) ?? []), mirror]);
  return [...byOrigin].map(([origin, mirrors]) => ({
    origin,
    circuit: worst(mirrors.map(({ circuit }) => circuit)),
    ...sumOf(mirrors.map(({ requests, errors, rateLimited }) => ({ requests, errors, rateLimited }))),
    lastError: mirrors.find(({ lastError }) => lastError !== null)?.lastError ?? null,
  }));
}

/** A report for operators: quantiles instead of bucket counts. */
export function instanceStatus(report: InstanceReport, isThis: boolean): InstanceStatus {
  const { form: _, tiers, history: _history, errors: _errors, ...rest } = report;
  const statuses = Object.fromEntries(TIER_NAMES.map((name) => [name, tierStatus(tiers[name])]));
  return { ...rest, isThis, tiers: statuses as Tiers<TierStatus> };
}

function sumTiers(tiers: readonly TierReport[]): TierReport {
  const { hits, misses, stale, errors, bytes } = sumOf(
    tiers.map(({ latency: _, breaker: _breaker, ...counts }) => counts),
  );
  const latency = tiers.reduce((sum, tier) => merge(sum, tier.latency), EMPTY) as LatencyCounts;
  return { ...{ hits, misses, stale, errors, bytes, latency }, breaker: worst(tiers.map(({ breaker }) => breaker)) };
}

function tierStatus({ latency, ...tier }: TierReport): TierStatus {
  const count = countOf(latency);
  return {
    ...tier,
    latency: {
      count,
      meanMs: count === 0 ? null : latency.sumMs / count,
      p50Ms: quantileMs(latency, 0.5),
      p95Ms: quantileMs(latency, 0.95),
      p99Ms: quantileMs(latency, 0.99),
    },
  };
}

/** Sums objects with the same members. Needs at least one. */
function sumOf<T extends Readonly<Record<string, number>>>(all: readonly T[]): T {
  const names = Object.keys(all[0] as T);
  return Object.fromEntries(names.map((name) => [name, all.reduce((sum, each) => sum + (each[name] ?? 0), 0)])) as T;
}

/** Sums counts by name. A missing name counts as 0. */
function sumByName(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const each of all) for (const [name, count] of Object.entries(each)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
