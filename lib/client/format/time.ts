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

/** The time zone of words for days: the reader's, or UTC. */
type Zone = "UTC" | undefined;

const never = () => () => undefined;

/** The reader's zone. The server does not know it: while it renders, and while the browser takes its page over, it is UTC. */
export const useZone = (): Zone =>
  useSyncExternalStore(
    never,
    () => undefined,
    (): Zone => "UTC",
  );

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const CLOCK_SHORT = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const DAY_UTC = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const DATE_UTC = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

export const clockTime = (ms: number) => CLOCK.format(ms);
export const clockMinute = (ms: number) => CLOCK_SHORT.format(ms);
export const calendarDate = (ms: number, zone?: Zone) => (zone ? DATE_UTC : DATE).format(ms);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Midnights between two instants, in that time zone. Counting hours would fail on days of 23 or 25 hours. */
function midnightsBetween(ms: number, now: number, zone: Zone): number {
  if (zone) return Math.floor(now / DAY_MS) - Math.floor(ms / DAY_MS);
  const start = (each: number) => new Date(each).setHours(0, 0, 0, 0);
  return Math.round((start(now) - start(ms)) / DAY_MS);
}

/**
 * "just now", "4 min ago", "3 h ago", "yesterday", "2 days ago", then the date. From one day on it counts nights, not hours.
 */
export function timeAgo(ms: number, now: number, zone?: Zone): string {
  const age = now - ms;
  if (age < MINUTE_MS) return "just now";
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min ago`;
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h ago`;
  const days = midnightsBetween(ms, now, zone);
  if (days < 7) return days <= 1 ? "yesterday" : `${days} days ago`;
  return calendarDate(ms, zone);
}

/** "Today", "Yesterday" or the day's name, for headings. */
export function dayName(ms: number, now: number, zone?: Zone): string {
  const days = midnightsBetween(ms, now, zone);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  return now - ms < 300 * DAY_MS ? (zone ? DAY_UTC : DAY).format(ms) : calendarDate(ms, zone);
}

/** A consensus time in words, to the nanosecond: `23 Nov 2026 03:15:52.123456789 UTC`. */
export function exactConsensusTime(consensusTimestamp: string): string {
  const [seconds = "0", nanos = "0"] = consensusTimestamp.split(".");
  const date = new Date(Number(seconds) * 1_000);
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return `${day.format(date)} ${date.toISOString().slice(11, 19)}.${nanos} UTC`;
}
