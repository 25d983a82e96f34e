import "server-only";
/** Live events as `text/event-stream`. The client pulls: for a client that does not read, no events are made. */
import type { UserId } from "../../core/ledger/ids";
import type { LiveEvent, StreamRefusal } from "../../engine/live/live-hub";
import type { App } from "../boot/app";

import { ProblemError } from "../http/problem";
import { freshnessBody, VARY_BY_CALLER } from "../http/reply";
import { signalOf } from "./signals";

/** Clients spread their reconnects over this range, so that those of an instance that ended do not all return at once. */
const RETRY_MIN_MS = 500;
const RETRY_SPREAD_MS = 2_500;

/** One event in the wire format. JSON has no line breaks, so one data line is enough. */
function encodeEvent(userId: UserId, event: LiveEvent): string {
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
export function sseResponse(app: App, userId: UserId, cursor: number | null, signal: AbortSignal): Response {
  const controller = new AbortController();
  const opened = app.hub.open(userId, cursor, AbortSignal.any([signal, controller.signal]));
  if (!opened.ok) {
    const { detail, retryAfterS } = REFUSALS[opened.error];
    throw new ProblemError("too-many", detail, { retryAfterS });
  }
  const events = opened.value;
  const encoder = new TextEncoder();
  const retryMs = RETRY_MIN_MS + Math.floor(Math.random() * RETRY_SPREAD_MS);
  let waiting = new AbortController();
  const cutIfStalled = async (stream: ReadableStreamDefaultController) => {
    const { signal: taken } = waiting;
    await app.clock.sleep(STALLED_MS, taken);
    if (taken.aborted) return;
    controller.abort();
    stream.error(new Error("the client does not read"));
  };
  const body = new ReadableStream<Uint8Array>({
    start: (stream) => {
      stream.enqueue(encoder.encode(`retry: ${retryMs}\n\n`));
      void cutIfStalled(stream);
    },
    pull: async (stream) => {
      waiting.abort();
      try {
        const { done, value } = await events.next();
        if (done) return stream.close();
        stream.enqueue(encoder.encode(encodeEvent(userId, value)));
        waiting = new AbortController();
        void cutIfStalled(stream);
      } catch (cause) {
        app.log.error("a stream ended early; its client resumes", { cause });
        stream.close();
      }
    },
    cancel: () => {
      waiting.abort();
      controller.abort();
    },
  });
  // no-transform switches compression off, which would delay events and cost 200 KB for each stream (docs/measurements.md §2).
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "private, no-cache, no-transform",
      vary: VARY_BY_CALLER,
      "x-accel-buffering": "no",
    },
  });
}
