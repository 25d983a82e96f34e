"use client";
import { useMemo } from "react";
import {
  joinSeries,
  minuteRates,
  minuteRatios,
  minuteValues,
  ratesOf,
  ratiosOf,
  useSeen,
  valuesOf,
} from "@/lib/client/admin/history";
import { storedOf } from "@/lib/client/admin/sentences";
import { bytes, compact, counted, dollars, durationText, percent, rate, whole } from "@/lib/client/format/numbers";
import type { AdminStatus } from "@/lib/wire/operators/admin";
import { Trend } from "../charts/trend";
import { Figure, Figures, Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { Incidents } from "./incidents";
import { Instances } from "./instances";
import { RecentErrors } from "./recent-errors";

export function Overview() {
  const { total, topics, streams, mirror, storage, cost } = useStatus();
  const paused = topics.filter((topic) => topic.paused).length;
  return (
    <>
      <Incidents />
      <Panel title="At a glance">
        <Figures>
          <Figure
            name="Lag"
            value={<SlowestLag />}
            note={
              mirror.headLagMs === null ? "mirror not reached yet" : `mirror head ${durationText(mirror.headLagMs)} old`
            }
          />
          <Figure
            name="Topics"
            value={whole(topics.length)}
            note={paused === 0 ? "none paused" : `${whole(paused)} paused`}
          />
          <Figure
            name="Messages stored"
            value={<MessagesStored />}
            note={`${storage ? bytes(storage.databaseBytes) : "database down"}${droppedNote(topics)}`}
          />
          <Figure
            name="Open streams"
            value={whole(streams.open)}
            note={`limit ${whole(streams.perInstanceMax)} per instance`}
          />
          <Figure
            name="Mirror requests"
            value={compact(mirror.requests)}
            note={`${counted(mirror.errors, "error")}, ${whole(mirror.rateLimited)} × 429`}
          />
          <Figure name="Memory" value={bytes(total.memory.rssBytes)} note={`heap ${bytes(total.memory.heapBytes)}`} />
          <Figure
            name="Submitted"
            value={whole(total.submits.messages)}
            note={counted(total.submits.errors, "error")}
          />
          {cost && (
            <Figure
              name="Cost so far"
              value={dollars(cost.dollars)}
              note={
                cost.dollarsPerDay === null
                  ? "in less than an hour"
                  : `${dollars(cost.dollarsPerDay)} a day at this rate`
              }
            />
          )}
        </Figures>
      </Panel>
      <Trends />
      <Instances />
      <RecentErrors />
    </>
  );
}

/** Before the database's first answer nobody knows what is stored: the topics then count what this process has committed. */
function MessagesStored() {
  const { topics, database } = useStatus();
  const stored = topics.map((topic) => storedOf(topic).messages);
  const isKnown = database.topicsReadMs !== null && stored.every((count) => count !== null);
  return compact(isKnown ? sumOf(stored) : null);
}

function droppedNote(topics: AdminStatus["topics"]): string {
  const dropped = sumOf(topics.map((topic) => storedOf(topic).dropped));
  return dropped === 0 ? "" : `, ${compact(dropped)} no longer kept`;
}

const sumOf = (counts: readonly (number | null)[]): number =>
  counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);

function SlowestLag() {
  const { topics } = useStatus();
  const lags = topics.flatMap(({ lagMs, paused }) => (lagMs === null || paused ? [] : [lagMs]));
  return durationText(lags.length === 0 ? null : Math.max(...lags));
}

const perSecond = (value: number | null) => `${rate(value)} /s`;

const RATES = [
  ["Requests", "requests"],
  ["Messages committed", "messages"],
  ["Redis commands", "commands"],
  ["SQL statements", "statements"],
  ["Mirror requests", "mirrorRequests"],
] as const;
const LEVELS = [
  ["Lag", "lagMs", durationText],
  ["Open streams", "openStreams", whole],
] as const;

function Trends() {
  const { history: past } = useStatus();
  const { history } = useSeen();
  const series = useMemo(
    () => [
      {
        title: "L1 hit ratio",
        format: percent,
        series: joinSeries(
          minuteRatios(past, "l1Hits", "l1Misses"),
          ratiosOf(
            history,
            ({ l1Hits }) => l1Hits,
            ({ l1Misses }) => l1Misses,
          ),
        ),
      },
      ...RATES.map(([title, name]) => ({
        title,
        format: perSecond,
        series: joinSeries(
          minuteRates(past, name),
          ratesOf(history, (sample) => sample[name]),
        ),
      })),
      ...LEVELS.map(([title, name, format]) => ({
        title,
        format,
        series: joinSeries(
          minuteValues(past, name),
          valuesOf(history, (sample) => sample[name]),
        ),
      })),
    ],
    [past, history],
  );
  return (
    <Panel title="Last hour" note="All instances together.">
      <div className="grid grid-cols-2 gap-x-6 gap-y-5 lg:grid-cols-4">
        {series.map((each) => (
          <Trend key={each.title} {...each} />
        ))}
      </div>
    </Panel>
  );
}
