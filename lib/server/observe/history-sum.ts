import "server-only";
/** Sums the last hour and the latest errors of all instances from their reports. */
import type { AdminStatus } from "../../wire/operators/admin";
import type { InstanceReport } from "../../wire/operators/instance-report";
import { HISTORY_COUNTERS, HISTORY_MINUTES, type MinuteColumns } from "../../wire/operators/minute-history";

const MINUTE_MS = 60_000;
/** Reports of busy instances are at most this old. A minute that ended before that is in all of them. */
const REPORTED_MS = 15_000;
/** The number of kinds that are listed, over all instances. */
const ERRORS_SHOWN = 60;

type Histories = readonly Pick<InstanceReport, "history">[];

/**
 * Sums counts minute by minute; the lag is that of the slowest instance. Leaves out minutes that some instances have not
 * reported yet.
 */
export function sumHistories(reports: Histories, nowMs: number): MinuteColumns {
  const end = Math.floor((nowMs - REPORTED_MS) / MINUTE_MS);
  const known = new Set(reports.flatMap(({ history }) => history.minutes));
  const minutes = [...known].filter((minute) => minute < end && minute >= end - HISTORY_MINUTES).sort((a, b) => a - b);
  const placeOf = reports.map(({ history }) => new Map(history.minutes.map((minute, i) => [minute, i])));
  const valuesAt = <T>(minute: number, column: (history: MinuteColumns) => readonly T[]): readonly T[] =>
    reports.flatMap(({ history }, i) => {
      const value = column(history)[placeOf[i]?.get(minute) ?? -1];
      return value === undefined ? [] : [value];
    });
  const summed = (column: (history: MinuteColumns) => readonly number[]) =>
    minutes.map((minute) => valuesAt(minute, column).reduce((total, value) => total + value, 0));
  const counters = HISTORY_COUNTERS.map((name) => [name, summed((history) => history[name])] as const);
  return {
    minutes,
    ...(Object.fromEntries(counters) as Record<(typeof HISTORY_COUNTERS)[number], number[]>),
    openStreams: summed(({ openStreams }) => openStreams),
    lagMs: minutes.map((minute) => {
      const lags = valuesAt(minute, ({ lagMs }) => lagMs).filter((lagMs) => lagMs !== null);
      return lags.length === 0 ? null : Math.max(...lags);
    }),
  };
}

/** The latest errors of all instances, newest kind first. */
export function mergeErrors(reports: readonly Pick<InstanceReport, "instanceId" | "errors">[]): AdminStatus["errors"] {
  return reports
    .flatMap(({ instanceId, errors }) => errors.map((error) => ({ ...error, instanceId })))
    .sort((a, b) => (b.latest[0]?.atMs ?? 0) - (a.latest[0]?.atMs ?? 0))
    .slice(0, ERRORS_SHOWN);
}
