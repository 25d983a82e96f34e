/** Words for instants. All functions are pure except `useNow`, the one clock that ticks for the whole page. */
import { createContext, useContext, useSyncExternalStore } from "react";

const TICK_MS = 1_000;
let nowMs = 0;
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function tick() {
  nowMs = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!timer) {
    nowMs = Date.now();
    timer = setInterval(tick, TICK_MS);
    document.addEventListener("visibilitychange", tick);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || !timer) return;
    clearInterval(timer);
    timer = null;
    document.removeEventListener("visibilitychange", tick);
  };
}

/** The instant at which the server has rendered the page, in epoch milliseconds. 0 if it has rendered no data. */
export const RenderedAt = createContext(0);

/**
 * Epoch milliseconds rounded down to `stepMs`. A large step renders less often. While the server renders, and while the browser
 * takes its page over, it is `RenderedAt`.
 */
export function useNow(stepMs: number = TICK_MS): number {
  const read = () => {
    if (nowMs === 0) nowMs = Date.now();
    return Math.floor(nowMs / stepMs) * stepMs;
  };
  const renderedAt = useContext(RenderedAt);
  return useSyncExternalStore(subscribe, read, () => Math.floor(renderedAt / stepMs) * stepMs);
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const CLOCK_SHORT = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** These three are in the reader's time zone, which a server does not know: what it renders has none of them. */
export const clockTime = (ms: number) => CLOCK.format(ms);
export const clockMinute = (ms: number) => CLOCK_SHORT.format(ms);
export const calendarDate = (ms: number) => DATE.format(ms);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const counted = (age: number, unitMs: number, unit: string) => {
  const count = Math.floor(age / unitMs);
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
};

/** "just now", "4 min ago", "3 h ago", "1 day ago", "3 weeks ago", "5 months ago". A day is 24 hours: the same words in every time zone. */
export function timeAgo(ms: number, now: number): string {
  const age = now - ms;
  if (age < MINUTE_MS) return "just now";
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min ago`;
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h ago`;
  if (age < 7 * DAY_MS) return counted(age, DAY_MS, "day");
  if (age < 30 * DAY_MS) return counted(age, 7 * DAY_MS, "week");
  if (age < 365 * DAY_MS) return counted(age, 30 * DAY_MS, "month");
  return counted(age, 365 * DAY_MS, "year");
}

/** A heading by age. It is the same in every time zone, so the browser never moves what the server has rendered. */
export function periodOf(ms: number, now: number): string {
  const age = now - ms;
  if (age < DAY_MS) return "Last 24 hours";
  if (age < 7 * DAY_MS) return "Last 7 days";
  if (age < 30 * DAY_MS) return "Last 30 days";
  return "Older";
}

/** A consensus time in words, to the nanosecond: `23 Nov 2026 03:15:52.123456789 UTC`. */
export function exactConsensusTime(consensusTimestamp: string): string {
  const [seconds = "0", nanos = "0"] = consensusTimestamp.split(".");
  const date = new Date(Number(seconds) * 1_000);
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return `${day.format(date)} ${date.toISOString().slice(11, 19)}.${nanos} UTC`;
}
