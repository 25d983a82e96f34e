"use client";
import { useMemo } from "react";
import { ratesOf, ratiosOf, useSeen, valuesOf } from "@/lib/client/admin/history";
import { bytes, compact, counted, dollars, lasting, percent, rate, whole } from "@/lib/client/format/numbers";
import { Trend } from "../charts/trend";
import { Figure, Figures, Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { Incidents } from "./incidents";
import { Instances } from "./instances";

export function Overview() {
  const { total, topics, streams, mirror, storage, cost } = useStatus();
  const messages = topics.reduce((sum, { counts }) => sum + counts.messages, 0);
  const paused = topics.filter((topic) => topic.paused).length;
  return (
    <>
      <Incidents />
      <Panel title="At a glance">
        <Figures>
          <Figure
            name="Lag"
            value={<SlowestLag />}
            note={mirror.headLagMs === null ? "mirror not reached yet" : `mirror head ${lasting(mirror.headLagMs)} old`}
          />
          <Figure
            name="Topics"
            value={whole(topics.length)}
            note={paused === 0 ? "none paused" : `${whole(paused)} paused`}
          />
          <Figure
            name="Messages stored"
            value={compact(messages)}
            note={storage ? bytes(storage.databaseBytes) : "database down"}
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
            <Figure name="Cost so far" value={dollars(cost.dollars)} note={`${dollars(cost.dollarsPerDay)} a day`} />
          )}
        </Figures>
      </Panel>
      <Trends />
      <Instances />
    </>
  );
}

function SlowestLag() {
  const { topics } = useStatus();
  const lags = topics.flatMap(({ lagMs, paused }) => (lagMs === null || paused ? [] : [lagMs]));
  return lasting(lags.length === 0 ? null : Math.max(...lags));
}

const perSecond = (value: number | null) => `${rate(value)} /s`;

function Trends() {
  const { history } = useSeen();
  const series = useMemo(
    () => [
      { title: "Requests", format: perSecond, series: ratesOf(history, ({ requests }) => requests) },
      {
        title: "L1 hit ratio",
        format: percent,
        series: ratiosOf(
          history,
          ({ l1Hits }) => l1Hits,
          ({ l1Misses }) => l1Misses,
        ),
      },
      { title: "Messages committed", format: perSecond, series: ratesOf(history, ({ messages }) => messages) },
      { title: "Redis commands", format: perSecond, series: ratesOf(history, ({ commands }) => commands) },
      { title: "SQL statements", format: perSecond, series: ratesOf(history, ({ statements }) => statements) },
      { title: "Mirror requests", format: perSecond, series: ratesOf(history, ({ mirrorRequests }) => mirrorRequests) },
      { title: "Lag", format: lasting, series: valuesOf(history, ({ lagMs }) => lagMs) },
      { title: "Open streams", format: whole, series: valuesOf(history, ({ openStreams }) => openStreams) },
    ],
    [history],
  );
  return (
    <Panel title="Since you opened this page" note="All instances together; ten minutes are kept.">
      <div className="grid grid-cols-2 gap-x-6 gap-y-5 lg:grid-cols-4">
        {series.map((each) => (
          <Trend key={each.title} {...each} />
        ))}
      </div>
    </Panel>
  );
}
