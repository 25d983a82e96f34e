/**
 * The page's freshness, from every read answer and every stream event, and the one line of words for it. The words also use the
 * time since the last report, so they age even without an event.
 */
import { useSyncExternalStore } from "react";
import type { Freshness } from "@/lib/wire/common";
import { clockTime, useNow } from "../format/time";

/** `down` lasts until the stream is open again. */
export type StreamState = "connecting" | "open" | "down";

/** Everything that the page knows of its own freshness. */
export interface Knowledge {
  readonly asOf: string | null;
  readonly lagMs: number | null;
  readonly stale: boolean;
  /** The ledger has no new blocks. */
  readonly quiet: boolean;
  /** A mirror tells the server when something changes, and the server has shown everything that the mirror announced. */
  readonly watched: boolean;
  /** The time of that report, by this browser's clock. 0 before the first report. */
  readonly reportedAtMs: number;
  /** The time of the first report. Null before it, and again once a report is up to date or watched. */
  readonly lookingSinceMs: number | null;
  readonly stream: StreamState;
  /** By the last report, the server has not read everything: it has just started, or a topic starts over. Views may lack anything. */
  readonly isIncomplete: boolean;
  /** Whether the last finished request got an answer from the server, whatever it was. */
  readonly reached: boolean;
  readonly online: boolean;
}

const INITIAL: Knowledge = {
  asOf: null,
  lagMs: null,
  stale: false,
  quiet: false,
  watched: false,
  reportedAtMs: 0,
  lookingSinceMs: null,
  stream: "connecting",
  isIncomplete: false,
  reached: true,
  online: true,
};

/** Reports come at least every 15 s. A slow network may delay one. */
export const SILENCE_MS = 20_000;
/**
 * Before this page was opened, the topics may not have been synced for long. The page's first read starts a sync, which takes a second or a
 * few. After this time the page says how far behind it is.
 */
const OPENING_MS = 5_000;
/**
 * A browser that reconnects at once is back within this time. The page ticks once a second, so the line changes after two
 * seconds.
 */
const BREAK_MS = 1_000;
/** By then the browser has tried to reconnect several times. */
const LONG_BREAK_MS = 10_000;

let knowledge = INITIAL;
let lostSinceMs = 0;
const listeners = new Set<() => void>();

const isLost = ({ stream, reached }: Pick<Knowledge, "stream" | "reached">) => stream === "down" || !reached;

function change(next: Partial<Knowledge>, nowMs: number) {
  knowledge = { ...knowledge, ...next };
  if (!isLost(knowledge)) lostSinceMs = 0;
  else if (lostSinceMs === 0) lostSinceMs = nowMs;
  for (const listener of listeners) listener();
}

const secondsOf = (asOf: string | null) => (asOf === null ? -1 : Number(asOf));

/** The freshness to show when the server does not know its own: the page's last report, which grows older. */
function aged(nowMs: number): Freshness {
  const { asOf, lagMs, reportedAtMs } = knowledge;
  return { asOf, lagMs: lagMs === null ? null : lagMs + nowMs - reportedAtMs, stale: true };
}

/**
 * The stream decides. A read counts only if it is the first report or knows more, because a cached answer repeats an older
 * state.
 */
export function reportFreshness(seen: Freshness, from: "stream" | "read", nowMs: number = Date.now()): void {
  const isFirst = knowledge.reportedAtMs === 0;
  if (from === "read" && !isFirst && secondsOf(seen.asOf) <= secondsOf(knowledge.asOf)) return;
  const { asOf, lagMs, stale, quiet = false, watched = false } = seen.asOf === null ? aged(nowMs) : seen;
  const lookingSinceMs = !stale || watched ? null : isFirst ? nowMs : knowledge.lookingSinceMs;
  change(
    {
      asOf,
      lagMs,
      stale,
      quiet,
      watched,
      isIncomplete: seen.incomplete === true,
      reportedAtMs: nowMs,
      lookingSinceMs,
      ...(from === "stream" ? { reached: true } : {}),
    },
    nowMs,
  );
}

/** Notes the state of the stream. */
export function reportStream(stream: StreamState, nowMs: number = Date.now()): void {
  // A lost stream stays lost until it is open again; a new attempt to connect changes nothing.
  if (stream === "connecting" && knowledge.stream === "down") return;
  change({ stream }, nowMs);
}

/** Notes whether a request got an answer or did not reach the server. */
export function reportReached(reached: boolean, nowMs: number = Date.now()): void {
  if (reached !== knowledge.reached) change({ reached }, nowMs);
}

/** Forgets the last reports when another person signs in. The state of the connection stays. */
export function forgetFreshness(): void {
  const { asOf, lagMs, stale, quiet, watched, isIncomplete, reportedAtMs, lookingSinceMs } = INITIAL;
  change({ asOf, lagMs, stale, quiet, watched, isIncomplete, reportedAtMs, lookingSinceMs }, Date.now());
}

/** Notes whether the browser says that it is online. */
export function reportOnline(online: boolean, nowMs: number = Date.now()): void {
  change({ online }, nowMs);
}

/** One line for the page: its words, and the tone in which to show them. */
export interface FreshnessWords {
  readonly tone: "fresh" | "watching" | "behind" | "offline" | "waiting";
  readonly text: string;
}

/** `lostForMs` is how long the stream or the server could not be reached. */
export function describeFreshness(known: Knowledge, nowMs: number, lostForMs = 0): FreshnessWords {
  const asOfMs = known.asOf === null ? null : Number(known.asOf) * 1_000;
  if (!known.online || (isLost(known) && lostForMs >= BREAK_MS)) {
    const state = !known.online ? "Offline" : lostForMs < LONG_BREAK_MS ? "Reconnecting" : "Not connected";
    // On a quiet ledger the last message is old, but the page was current until its last report.
    const currentMs = known.quiet ? known.reportedAtMs : asOfMs;
    return { tone: "offline", text: currentMs === null ? state : `${state} · current as of ${clockTime(currentMs)}` };
  }
  if (asOfMs === null || known.reportedAtMs === 0) return { tone: "waiting", text: "Waiting for the ledger" };
  const silentMs = Math.max(0, nowMs - known.reportedAtMs);
  // The age of an idle page does not show that it lacks anything, and its silence does not prove that it is complete.
  if (known.stale && known.watched && silentMs <= SILENCE_MS)
    return { tone: "watching", text: `Watching · complete to ${clockTime(asOfMs)}` };
  if (known.lookingSinceMs !== null && nowMs - known.lookingSinceMs < OPENING_MS)
    return { tone: "waiting", text: `Looking for changes · complete to ${clockTime(asOfMs)}` };
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

/** The line of words at `nowMs`. */
export const freshnessAt = (nowMs: number, known: Knowledge = knowledge): FreshnessWords =>
  describeFreshness(known, nowMs, lostSinceMs === 0 ? 0 : nowMs - lostSinceMs);

/** Whether an empty list proves nothing, because the server has not read everything from the ledger. */
export const isIncomplete = (): boolean => knowledge.isIncomplete;

/** `isIncomplete` in a component. */
export const useIsIncomplete = (): boolean => useSyncExternalStore(subscribe, isIncomplete, () => false);

/** How fresh the page is: one line of words that ages every second, and the facts behind it for words of your own. */
export function useFreshness(): FreshnessWords & { readonly known: Knowledge } {
  const known = useSyncExternalStore(
    subscribe,
    () => knowledge,
    () => INITIAL,
  );
  return { ...freshnessAt(useNow(), known), known };
}
