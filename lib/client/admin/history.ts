/**
 * What this page has seen of the counters, so that they can be drawn over time: one sample for each answer, for ten minutes.
 * Pure but for the one list that the page keeps.
 */
import { useSyncExternalStore } from "react";
import type { AdminStatus } from "@/lib/wire/admin";

export interface Sample {
  /** The server's clock. */
  readonly atMs: number;
  /** Counted since the instances started, all of them together. */
  readonly requests: number;
  readonly l1Hits: number;
  readonly l1Misses: number;
  readonly commands: number;
  readonly statements: number;
  readonly mirrorRequests: number;
  readonly messages: number;
  /** As they are now. */
  readonly openStreams: number;
  readonly lagMs: number | null;
}

export const KEPT_MS = 600_000;

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

export function sampleOf({ atMs, total, mirror, streams, topics }: AdminStatus): Sample {
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

/** In the order of time; of two answers of one instant the later one; nothing older than `KEPT_MS` before the newest. */
export function appended(history: readonly Sample[], sample: Sample): readonly Sample[] {
  const before = history.filter(({ atMs }) => atMs < sample.atMs && atMs >= sample.atMs - KEPT_MS);
  return [...before, sample];
}

export interface Series {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  /** Null where nothing can be said: an instance has come or gone, so that counters went back. */
  readonly values: readonly (number | null)[];
}

/** How fast a counter grew between two samples, per second. */
export function ratesOf(history: readonly Sample[], counterOf: (sample: Sample) => number): Series {
  return between(history, (before, after, seconds) => {
    const grown = counterOf(after) - counterOf(before);
    return grown < 0 ? null : grown / seconds;
  });
}

/** Which share of what two counters grew by is the first one's; null where neither grew. */
export function ratiosOf(
  history: readonly Sample[],
  partOf: (sample: Sample) => number,
  restOf: (sample: Sample) => number,
): Series {
  return between(history, (before, after) => {
    const part = partOf(after) - partOf(before);
    const rest = restOf(after) - restOf(before);
    return part < 0 || rest < 0 || part + rest === 0 ? null : part / (part + rest);
  });
}

export const valuesOf = (history: readonly Sample[], levelOf: (sample: Sample) => number | null): Series => ({
  times: history.map(({ atMs }) => atMs / 1_000),
  values: history.map(levelOf),
});

function between(
  history: readonly Sample[],
  value: (before: Sample, after: Sample, seconds: number) => number | null,
): Series {
  const pairs = history.slice(1).map((after, i) => [history[i] as Sample, after] as const);
  return {
    times: pairs.map(([, after]) => after.atMs / 1_000),
    values: pairs.map(([before, after]) => value(before, after, (after.atMs - before.atMs) / 1_000)),
  };
}

interface Seen {
  readonly history: readonly Sample[];
  /** By this browser's clock; 0 before the first answer. */
  readonly receivedAtMs: number;
}

const NOTHING: Seen = { history: [], receivedAtMs: 0 };
let seen = NOTHING;
const listeners = new Set<() => void>();

export function rememberStatus(status: AdminStatus, nowMs: number = Date.now()): void {
  seen = { history: appended(seen.history, sampleOf(status)), receivedAtMs: nowMs };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What was seen so far, and when the last of it came. */
export const useSeen = (): Seen =>
  useSyncExternalStore(
    subscribe,
    () => seen,
    () => NOTHING,
  );
