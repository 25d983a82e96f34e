/**
 * Counters over time, for charts: the last hour minute by minute from the instances, then one sample for each answer since the
 * page opened, for ten minutes. Pure, except for the one list of samples.
 */
import { useSyncExternalStore } from "react";
import type { AdminStatus } from "@/lib/wire/operators/admin";
import type { HistoryCounter, MinuteColumns } from "@/lib/wire/operators/minute-history";

export interface StatusSample {
  /** The server's clock. */
  readonly atMs: number;
  /** Counts since the instances started, all of them together. */
  readonly requests: number;
  readonly l1Hits: number;
  readonly l1Misses: number;
  readonly commands: number;
  readonly statements: number;
  readonly mirrorRequests: number;
  readonly messages: number;
  /** Current levels. */
  readonly openStreams: number;
  readonly lagMs: number | null;
}

/** How far back a page remembers the samples that it has received: ten minutes. */
export const KEPT_MS = 600_000;

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** One sample from an answer of `GET /api/admin/status`. */
export function sampleOf({ atMs, total, mirror, streams, topics }: AdminStatus): StatusSample {
  const lags = topics.flatMap(({ lagMs, paused }) => (lagMs === null || paused ? [] : [lagMs]));
  return {
    atMs,
    requests: sum(total.requests),
    l1Hits: total.tiers.l1.hits,
    l1Misses: total.tiers.l1.misses,
    commands: sum(total.commands),
    statements: sum(total.statements),
    mirrorRequests: mirror.requests,
    messages: total.sync.messages,
    openStreams: streams.open,
    lagMs: lags.length === 0 ? null : Math.max(...lags),
  };
}

/**
 * Inserts a sample by its time. A later sample of the same instant replaces the earlier one. Drops samples older than
 * `KEPT_MS`.
 */
export function withStatusSample(history: readonly StatusSample[], sample: StatusSample): readonly StatusSample[] {
  const before = history.filter(({ atMs }) => atMs < sample.atMs && atMs >= sample.atMs - KEPT_MS);
  return [...before, sample];
}

export interface Series {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  /** Null if unknown, as when an instance came or went and the counters went back. */
  readonly values: readonly (number | null)[];
}

/** Growth of a counter per second, between samples. */
export function ratesOf(history: readonly StatusSample[], counterOf: (sample: StatusSample) => number): Series {
  return between(history, (before, after, seconds) => {
    const grown = counterOf(after) - counterOf(before);
    return grown < 0 ? null : grown / seconds;
  });
}

/**
 * The first counter's share of the growth of both, over the minute before each sample. Between two samples there are too few reads
 * for a share. Null if neither grew, and in the first minute.
 */
export function ratiosOf(
  history: readonly StatusSample[],
  partOf: (sample: StatusSample) => number,
  restOf: (sample: StatusSample) => number,
): Series {
  return {
    times: history.slice(1).map(({ atMs }) => atMs / 1_000),
    values: history.slice(1).map((after) => {
      const before = history.findLast(({ atMs }) => atMs <= after.atMs - MINUTE_S * 1_000);
      if (before === undefined) return null;
      const part = partOf(after) - partOf(before);
      const rest = restOf(after) - restOf(before);
      return part < 0 || rest < 0 || part + rest === 0 ? null : part / (part + rest);
    }),
  };
}

/** A level at each sample, such as the number of open streams. */
export const valuesOf = (
  history: readonly StatusSample[],
  levelOf: (sample: StatusSample) => number | null,
): Series => ({
  times: history.map(({ atMs }) => atMs / 1_000),
  values: history.map(levelOf),
});

function between(
  history: readonly StatusSample[],
  value: (before: StatusSample, after: StatusSample, seconds: number) => number | null,
): Series {
  const pairs = history.slice(1).map((after, i) => [history[i] as StatusSample, after] as const);
  return {
    times: pairs.map(([, after]) => after.atMs / 1_000),
    values: pairs.map(([before, after]) => value(before, after, (after.atMs - before.atMs) / 1_000)),
  };
}

/** A counter of the last hour, per second; each value stands at the end of its minute. */
export const minuteRates = (past: MinuteColumns, name: HistoryCounter): Series => ({
  times: endsOf(past),
  values: past[name].map((count) => count / MINUTE_S),
});

/** The first counter's share of both, for each minute of the server's history. Null for a minute without either. */
export const minuteRatios = (past: MinuteColumns, part: HistoryCounter, rest: HistoryCounter): Series => ({
  times: endsOf(past),
  values: past[part].map((count, i) => {
    const all = count + (past[rest][i] ?? 0);
    return all === 0 ? null : count / all;
  }),
});

/** A level in each minute of the server's history. */
export const minuteValues = (past: MinuteColumns, name: "openStreams" | "lagMs"): Series => ({
  times: endsOf(past),
  values: past[name],
});

const MINUTE_S = 60;
const endsOf = ({ minutes }: MinuteColumns) => minutes.map((minute) => (minute + 1) * MINUTE_S);

/** The past up to the first live sample that is known, then the live samples. */
export function joinSeries(past: Series, live: Series): Series {
  const first = live.values.findIndex((value) => value !== null);
  const from = live.times[first] ?? Number.POSITIVE_INFINITY;
  const kept = past.times.filter((time) => time < from).length;
  return {
    times: [...past.times.slice(0, kept), ...(first < 0 ? [] : live.times.slice(first))],
    values: [...past.values.slice(0, kept), ...(first < 0 ? [] : live.values.slice(first))],
  };
}

interface Seen {
  readonly history: readonly StatusSample[];
  /** This browser's clock; 0 before the first answer. */
  readonly receivedAtMs: number;
}

const NOTHING: Seen = { history: [], receivedAtMs: 0 };
let seen = NOTHING;
const listeners = new Set<() => void>();

/** Adds a status to the samples, and tells the charts. `nowMs`: when it came, by the browser's clock. */
export function rememberStatus(status: AdminStatus, nowMs: number = Date.now()): void {
  seen = { history: withStatusSample(seen.history, sampleOf(status)), receivedAtMs: nowMs };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The samples so far, and the time of the last answer. */
export const useSeen = (): Seen =>
  useSyncExternalStore(
    subscribe,
    () => seen,
    () => NOTHING,
  );
