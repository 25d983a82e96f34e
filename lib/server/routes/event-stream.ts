import "server-only";
/** Live events as `text/event-stream`. The client pulls: for a client that does not read, no events are made. */
import type { UserId } from "../../core/ledger/ids";
import { type FreshnessNow, UNKNOWN_AGE } from "../../core/sync/freshness";
import type { LiveEvent, StreamRefusal, Viewer } from "../../engine/live/live-hub";
import type { SignalRow } from "../../ports/store/view-rows";
import type { App } from "../boot/app";
import type { Answer, StreamClient } from "../http/answers/answer";
import { ProblemError } from "../http/answers/problem";
import { freshnessBody, VARY_BY_CALLER } from "../http/answers/reply";
import { signalOf } from "./signals";

/** Clients spread their reconnects over this range, so that those of an instance that ended do not all return at once. */
const RETRY_MIN_MS = 500;
const RETRY_SPREAD_MS = 2_500;

/** Signals that were just sent. The streams of one person share the rows (LiveHub), and so their text. */
const encodedSignals = new WeakMap<SignalRow, string>();
let lastFreshness = { freshness: UNKNOWN_AGE, text: "" };

/** One event in the wire format. The text of an event that many clients get is made once. */
function encodeEvent(userId: UserId, event: LiveEvent): string {
  if (event.event === "signal") {
    const known = encodedSignals.get(event.row);
    if (known !== undefined) return known;
    const text = encoded(userId, event);
    encodedSignals.set(event.row, text);
    return text;
  }
  if (event.event !== "freshness") return encoded(userId, event);
  const { freshness } = event;
  if (lastFreshness.text === "" || !isSame(freshness, lastFreshness.freshness))
    lastFreshness = { freshness, text: encoded(userId, event) };
  return lastFreshness.text;
}

const isSame = (a: FreshnessNow, b: FreshnessNow) =>
  a.asOfNs === b.asOfNs &&
  a.lagMs === b.lagMs &&
  a.stale === b.stale &&
  a.isQuiet === b.isQuiet &&
  a.isWatched === b.isWatched &&
  a.isIncomplete === b.isIncomplete;

/** JSON has no line breaks, so one data line is enough. */
function encoded(userId: UserId, event: LiveEvent): string {
  const frame = (data: unknown, id?: number) =>
    `event: ${event.event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
  switch (event.event) {
    case "hello":
      return frame({ position: event.position, ...freshnessBody(event.freshness) }, event.sentThrough);
    case "signal":
      return frame(signalOf(userId, event.row, "hcs"), event.row.position);
    case "contacts":
      return frame({ peers: event.peers });
    case "freshness":
      return frame(freshnessBody(event.freshness));
    case "resync":
      // From here on, the client resumes in the new epoch.
      return frame({ position: event.position }, event.position);
    case "bye":
      return frame({ reason: event.reason });
  }
}

/**
 * The answers when a client has too many open streams. `retryAfterS` is the shortest wait, to which the client adds a random
 * time.
 */
const REFUSALS: Readonly<Record<StreamRefusal, { readonly detail: string; readonly retryAfterS: number }>> = {
  // Closing a page frees its stream at once.
  "per-user": {
    detail: "You have too many live connections open. Close another page of this app first.",
    retryAfterS: 30,
  },
  // Another instance may have room, so the client may retry soon.
  "per-instance": {
    detail: "This server has no room for more live connections. Try again shortly.",
    retryAfterS: 5,
  },
};

/**
 * A client that has read no event for this long is gone, or holds its stream for nothing. The stream is cut; a client that is
 * alive resumes. Freshness events alone fill the buffers, so a client that reads is never cut.
 */
const STALLED_MS = 60_000;

/** The streaming answer. Throws ProblemError if the user or the instance has too many streams. */
export function eventStream(app: App, viewer: Viewer, cursor: number | null): Answer {
  const over = new AbortController();
  const opened = app.hub.open(viewer, cursor, over.signal);
  if (!opened.ok) {
    const { detail, retryAfterS } = REFUSALS[opened.error];
    throw new ProblemError("too-many", detail, { retryAfterS });
  }
  const events = opened.value;
  return {
    status: 200,
    // no-transform switches compression off, which would delay events and cost 200 KB for each stream (docs/measurements.md §2).
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "private, no-cache, no-transform",
      vary: VARY_BY_CALLER,
      "x-accel-buffering": "no",
    },
    body: (client) => {
      client.onLeave(() => over.abort());
      void follow(app, viewer.userId, events, client).finally(() => over.abort());
    },
  };
}

/** Sends each event once the client has taken the one before. Never rejects. */
async function follow(app: App, userId: UserId, events: AsyncIterable<LiveEvent>, client: StreamClient): Promise<void> {
  const retryMs = RETRY_MIN_MS + Math.floor(Math.random() * RETRY_SPREAD_MS);
  try {
    if (!client.send(`retry: ${retryMs}\n\n`) && !(await hasTaken(app, client))) return client.cut();
    for await (const event of events)
      if (!client.send(encodeEvent(userId, event)) && !(await hasTaken(app, client))) return client.cut();
  } catch (cause) {
    app.log.error("a stream ended early; its client resumes", { cause });
  }
  client.end();
}

/** Waits until the client has taken what was sent. False if it has stalled. */
async function hasTaken({ clock }: App, client: StreamClient): Promise<boolean> {
  const taken = new AbortController();
  const stalled = clock.sleep(STALLED_MS, taken.signal).then(() => !taken.signal.aborted);
  const isStalled = await Promise.race([client.ready().then(() => false), stalled]);
  taken.abort();
  return !isStalled;
}
