/**
 * One EventSource, of whichever tab holds the person's stream (live-share.ts).
 *
 *   connecting ──open──▶ open ──error──▶ down ──(the browser reconnects with Last-Event-ID)──▶ open
 *                         │                └── closed for good (refused) ──our own back-off──▶ connecting
 *                         ├── bye: reconnect at once, from the last position
 *                         └── silent: the same. A device that slept or changed its network may keep a connection that is dead
 *
 * The browser keeps the Last-Event-ID only inside one EventSource; a new one sends `?cursor=` to go on where the last one ended.
 */
import type * as z from "zod/mini";
import { STREAM_EVENTS, type StreamEventName } from "@/lib/wire/stream";
import { addressOf, sentCredentials } from "../api/settings";
import type { StreamState } from "./freshness";

type Payload<N extends StreamEventName> = z.infer<(typeof STREAM_EVENTS)[N]>;

/** The functions that a stream calls. Each event has the members that lib/wire/stream.ts lists. */
export interface LiveHandlers {
  hello(event: Payload<"hello">): void;
  signal(event: Payload<"signal">): void;
  contacts(event: Payload<"contacts">): void;
  freshness(event: Payload<"freshness">): void;
  resync(event: Payload<"resync">): void;
  state(state: StreamState): void;
  /** The session may have ended: the server refused the stream, or says that somebody has signed out. */
  refused(): void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/**
 * An open stream sends something every 15 s (SPEC, Live). Other tabs take a stream over after 35 s (live-share.ts), so the last
 * look comes before that. Streams of a server that stalls wait for different times, and do not all come back at once.
 */
const SILENCE_MS = { least: 31_000, more: 2_000 };
const LOOK_EVERY_MS = 2_000;

/** An open stream. */
export interface LiveStream {
  /** Ends the stream for good. */
  close(): void;
}

/**
 * Opens a stream of the signed-in person's changes, and reopens it whenever it breaks. No event is lost, and none is given twice.
 * `from` is the position through which the caller has everything; null where it has read nothing yet.
 */
export function connectStream(from: number | null, handlers: LiveHandlers): LiveStream {
  let source: EventSource | null = null;
  let cursor = from;
  let retryMs = FIRST_RETRY_MS;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let openedOnce = false;
  const silenceMs = SILENCE_MS.least + Math.random() * SILENCE_MS.more;
  /** When the stream was opened, or the last event came. A clock that runs while the device sleeps. */
  let heardMs = 0;

  const listen = <N extends StreamEventName>(name: N, on: (event: Payload<N>) => void) => {
    source?.addEventListener(name, (message) => {
      heardMs = Date.now();
      const event = STREAM_EVENTS[name].safeParse(parse(message.data));
      if (event.success) on(event.data as Payload<N>);
    });
  };

  function open() {
    if (timer) clearTimeout(timer);
    timer = null;
    heardMs = Date.now();
    source?.close();
    source = new EventSource(addressOf(cursor === null ? "/api/stream" : `/api/stream?cursor=${cursor}`), {
      withCredentials: sentCredentials() === "include",
    });
    if (!openedOnce) handlers.state("connecting");
    source.onopen = () => {
      openedOnce = true;
      retryMs = FIRST_RETRY_MS;
      handlers.state("open");
    };
    source.onerror = () => {
      handlers.state("down");
      if (source?.readyState !== EventSource.CLOSED || timer) return;
      timer = setTimeout(open, retryMs * (0.5 + Math.random()));
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      handlers.refused();
    };
    listen("hello", (event) => {
      cursor ??= event.position;
      handlers.hello(event);
    });
    listen("signal", (event) => {
      cursor = Math.max(cursor ?? 0, event.position);
      handlers.signal(event);
    });
    listen("resync", (event) => {
      cursor = event.position;
      handlers.resync(event);
    });
    listen("contacts", handlers.contacts);
    listen("freshness", handlers.freshness);
    listen("bye", ({ reason }) => {
      open();
      if (reason === "signed-out") handlers.refused();
    });
  }

  const retryNow = () => {
    if (timer) open();
  };
  const look = () => {
    // A clock that was set back counts as silence, too. Otherwise it would hide the silence for as long.
    if (timer || Math.abs(Date.now() - heardMs) < silenceMs) return;
    handlers.state("down");
    open();
  };
  window.addEventListener("online", retryNow);
  const looking = setInterval(look, LOOK_EVERY_MS);
  open();
  return {
    close() {
      window.removeEventListener("online", retryNow);
      clearInterval(looking);
      if (timer) clearTimeout(timer);
      source?.close();
    },
  };
}

function parse(data: unknown): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    return null;
  }
}
