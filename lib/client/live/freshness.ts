/**
 * The age of this page, gathered from every read answer and every stream event, and the one line of words
 * for it. The words come from the time since the last report, so they degrade although no event arrives.
 */
import { useSyncExternalStore } from "react";
import type { Freshness } from "@/lib/wire/common";
import { clockMinute, clockTime, useNow } from "../format/time";

export type StreamState = "connecting" | "open" | "down";

export interface Knowledge {
  readonly asOf: string | null;
  readonly lagMs: number | null;
  readonly stale: boolean;
  /** The ledger has no new blocks. */
  readonly quiet: boolean;
  /** When that was reported, by this browser's clock; 0 before the first report. */
  readonly reportedAtMs: number;
  readonly stream: StreamState;
  readonly online: boolean;
}

const INITIAL: Knowledge = {
  asOf: null,
  lagMs: null,
  stale: false,
  quiet: false,
  reportedAtMs: 0,
  stream: "connecting",
  online: true,
};

/** Reports come at least every 15 s; one may be late by a slow network. */
export const SILENCE_MS = 20_000;
/** A dropped stream is reconnected within seconds: shorter breaks are not worth a word. */
const BREAK_MS = 4_000;

let knowledge = INITIAL;
let downSinceMs = 0;
const listeners = new Set<() => void>();

function change(next: Partial<Knowledge>) {
  knowledge = { ...knowledge, ...next };
  for (const listener of listeners) listener();
}

const secondsOf = (asOf: string | null) => (asOf === null ? -1 : Number(asOf));

/** The stream has the last word. A read counts only where it knows more: an answer out of a cache repeats what was true then. */
export function reportFreshness(seen: Freshness, from: "stream" | "read", nowMs: number = Date.now()): void {
  if (from === "read" && secondsOf(seen.asOf) <= secondsOf(knowledge.asOf)) return;
  const { asOf, lagMs, stale, quiet = false } = seen;
  change({ asOf, lagMs, stale, quiet, reportedAtMs: nowMs });
}

export function reportStream(stream: StreamState, nowMs: number = Date.now()): void {
  if (stream === "open") downSinceMs = 0;
  else if (downSinceMs === 0) downSinceMs = nowMs;
  change({ stream });
}

export function reportOnline(online: boolean): void {
  change({ online });
}

export interface FreshnessWords {
  readonly tone: "fresh" | "behind" | "offline" | "waiting";
  readonly text: string;
}

export function describeFreshness(known: Knowledge, nowMs: number, downForMs = 0): FreshnessWords {
  const asOfMs = known.asOf === null ? null : Number(known.asOf) * 1_000;
  const showing = asOfMs === null ? "" : `, showing ${clockMinute(asOfMs)}`;
  if (!known.online || (known.stream === "down" && downForMs > BREAK_MS)) {
    return { tone: "offline", text: `Offline${showing}` };
  }
  if (asOfMs === null || known.reportedAtMs === 0) return { tone: "waiting", text: "Waiting for the ledger" };
  const silentMs = Math.max(0, nowMs - known.reportedAtMs);
  if (known.stale || silentMs > SILENCE_MS) {
    return { tone: "behind", text: `${duration((known.lagMs ?? 0) + silentMs)} behind` };
  }
  if (known.quiet) return { tone: "fresh", text: `Ledger quiet since ${clockTime(asOfMs)}` };
  return { tone: "fresh", text: `Up to date · ledger time ${clockTime(asOfMs)}` };
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useFreshness(): FreshnessWords {
  const known = useSyncExternalStore(
    subscribe,
    () => knowledge,
    () => INITIAL,
  );
  const now = useNow();
  return describeFreshness(known, now, downSinceMs === 0 ? 0 : now - downSinceMs);
}
