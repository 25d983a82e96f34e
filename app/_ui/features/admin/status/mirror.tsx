"use client";
import { counted, durationText, percent, whole } from "@/lib/client/format/numbers";
import { exactConsensusTime } from "@/lib/client/format/time";
import { Figure, Figures, Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { Breaker } from "./tiers";

export function Mirror() {
  const { mirror, streams, total } = useStatus();
  const { events } = total;
  return (
    <>
      <Panel title="Mirror budget" note={budgetWords(mirror.waitMs, mirror.refused, mirror.requestsPerSecondMax)}>
        <Figures>
          <Figure name="Budget" value={`${whole(mirror.requestsPerSecondMax)} /s`} note="all instances together" />
          <Figure name="Requests" value={whole(mirror.requests)} note="since the instances started" />
          <Figure
            name="Errors"
            value={whole(mirror.errors)}
            note={mirror.requests === 0 ? undefined : `${percent(mirror.errors / mirror.requests)} of requests`}
            tone={mirror.errors > 0 ? "bad" : "plain"}
          />
          <Figure
            name="429 responses"
            value={whole(mirror.rateLimited)}
            tone={mirror.rateLimited > 0 ? "bad" : "plain"}
          />
          <Figure
            name="Mirror head age"
            value={durationText(mirror.headLagMs)}
            note={mirror.headTime ? exactConsensusTime(mirror.headTime) : "not reached yet"}
          />
        </Figures>
      </Panel>
      <Panel title="Mirrors" note="The first is preferred. Another is used while its circuit is open.">
        {mirror.mirrors.length === 0 && <p className="text-ink-soft">No requests yet.</p>}
        <ul className="divide-y divide-line">
          {mirror.mirrors.map(({ origin, circuit, requests, errors, rateLimited, lastError }) => (
            <li key={origin} className="py-3 first:pt-0 last:pb-0">
              <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <span className="ledger text-sm">{origin}</span>
                <Breaker state={circuit} />
              </div>
              <p className="mt-1 text-ink-soft text-sm tabular-nums">
                {counted(requests, "request")}, {counted(errors, "error")}, {whole(rateLimited)} of them 429.
              </p>
              {lastError && (
                <p className="mt-1 text-copper text-sm">
                  Last error: <bdi>{lastError}</bdi>
                </p>
              )}
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="Streams" note="Open pages that receive changes as they happen.">
        <Figures>
          <Figure name="Open" value={whole(streams.open)} note={`${whole(total.streams.opened)} opened in total`} />
          <Figure
            name="Refused: user limit"
            value={whole(total.streams.refusedPerUser)}
            note={`${whole(streams.perUserMax)} per user`}
          />
          <Figure
            name="Refused: instance limit"
            value={whole(total.streams.refusedPerInstance)}
            note={`${whole(streams.perInstanceMax)} per instance`}
          />
          <Figure name="Events published" value={whole(events.published)} />
          <Figure name="Events received" value={whole(events.received)} />
          <Figure
            name="Missed events"
            value={whole(events.missed)}
            note={`${counted(events.connections, "bus connection")}`}
          />
        </Figures>
      </Panel>
    </>
  );
}

function budgetWords(waitMs: number, refused: number, perSecond: number): string {
  if (refused > 0)
    return `${counted(refused, "request")} refused because the wait was too long: the topics need more than ${whole(perSecond)} requests a second.`;
  if (waitMs > 0) return `The last request waited ${durationText(waitMs)}: the budget is full at times.`;
  return "Budget left: no request waits.";
}
