/**
 * The tabs of one person share one stream: over HTTP/1.1 a browser has six connections to a server, and a seventh tab would wait
 * for ever. Whoever holds the lock opens the stream and passes its events on; the lock goes to another tab when its holder closes,
 * freezes or falls silent. Each tab knows through which position it has everything, so that a handover repeats and loses nothing:
 *
 *   waiting for the lock ──▶ leading: opens the stream at the lowest position that a tab has, tells everybody each event
 *        ▲                        │
 *        └── lock taken away ─────┘         a tab that has come, or has missed something, asks with its own position
 *
 * Where a browser lacks the lock or the channel (pages without TLS), each tab has a stream of its own.
 */
import { STREAM_EVENTS, type StreamEventName } from "@/lib/wire/stream";
import { addressOf } from "../api/settings";
import type { StreamState } from "./freshness";
import { connectStream, type LiveHandlers, type LiveStream } from "./live-connection";

type SharedEvent = Exclude<StreamEventName, "bye">;

/** Messages between tabs. With `to`, the message is for one tab only. */
export type TabMessage =
  | { readonly kind: "event"; readonly name: SharedEvent; readonly data: unknown; readonly to?: string }
  | { readonly kind: "state"; readonly state: StreamState; readonly to?: string }
  | { readonly kind: "refused" }
  /** A tab has opened, is back, or has missed something after `cursor`. Null if it has nothing yet. */
  | { readonly kind: "ask"; readonly from: string; readonly cursor: number | null }
  /** The answer to a tab that has asked: the next events begin right after that position. */
  | { readonly kind: "replay"; readonly after: number; readonly to: string }
  /** The sender leads from now on. A tab that has less than `cursor` must ask. */
  | { readonly kind: "lead"; readonly cursor: number | null };

interface TabChannel {
  send(message: TabMessage): void;
  close(): void;
}

/** The functions of the browser that a tab needs. */
export interface TabPorts {
  /**
   * Runs `hold` while the tab has the lock, which ends when `hold` resolves. Rejects if the lock is taken away, or `signal`
   * aborts.
   */
  lock(name: string, hold: () => Promise<void>, options: { signal?: AbortSignal; steal?: boolean }): Promise<void>;
  channel(name: string, on: (message: TabMessage) => void): TabChannel;
  stream(cursor: number | null, handlers: LiveHandlers): LiveStream;
  /** Calls back when the page goes to sleep and when it wakes. Returns the function that stops it. */
  onSleep(sleep: () => void, wake: () => void): () => void;
  /** Calls back every few seconds while the page is visible. Returns the function that stops it. */
  everyWhile(seen: () => void, ms: number): () => void;
  now(): number;
  /** A unique id for this tab. */
  id(): string;
}

/**
 * An open stream sends something every 15 s (SPEC, Live). A leader that is silent for more than two of those has lost its
 * stream.
 */
const SILENCE_MS = 35_000;
const LOOK_EVERY_MS = 5_000;

/** Joins the tabs of `userId`. Returns the function that leaves them. */
export function shareLive(userId: string, handlers: LiveHandlers, ports: TabPorts | null = browserPorts()): () => void {
  if (ports === null) {
    const { close } = connectStream(null, handlers);
    return close;
  }
  const tab = new Tab(`trustmesh-live ${addressOf("")}${userId}`, handlers, ports);
  return () => tab.end();
}

class Tab {
  private readonly id: string;
  private channel: TabChannel | null = null;
  private stream: LiveStream | null = null;
  private waiting: AbortController | null = null;
  private release: (() => void) | null = null;
  /** The position through which this tab has everything. Null before the first hello. */
  private cursor: number | null = null;
  /** For a leader, the position through which its stream has sent everything. */
  private through: number | null = null;
  /** The last known state of the leader's stream. A follower learns it from the leader's messages. */
  private state: StreamState = "connecting";
  private freshness: unknown = null;
  private heardMs = 0;
  /** The position after which this tab has asked for missed events. Null once they come. */
  private askedAfter: number | null = null;
  /** Whether the next signal may leave out positions: the server shows some rows to nobody. */
  private mayJump = false;
  private readonly unlisten: readonly (() => void)[];

  constructor(
    private readonly name: string,
    private readonly handlers: LiveHandlers,
    private readonly ports: TabPorts,
  ) {
    this.id = ports.id();
    this.unlisten = [
      ports.onSleep(
        () => this.leave(),
        () => this.join(),
      ),
      ports.everyWhile(() => this.look(), LOOK_EVERY_MS),
    ];
    this.join();
  }

  end(): void {
    this.leave();
    for (const each of this.unlisten) each();
  }

  private join(): void {
    if (this.channel) return;
    this.channel = this.ports.channel(this.name, (message) => this.hear(message));
    this.heardMs = this.ports.now();
    this.handlers.state("connecting");
    this.channel.send({ kind: "ask", from: this.id, cursor: this.cursor });
    this.queue(false);
  }

  private leave(): void {
    this.waiting?.abort();
    this.waiting = null;
    this.stopLeading();
    this.channel?.close();
    this.channel = null;
  }

  private queue(steal: boolean): void {
    const waiting = new AbortController();
    this.waiting?.abort();
    this.waiting = waiting;
    const hold = () =>
      new Promise<void>((resolve) => {
        if (waiting.signal.aborted) return resolve();
        this.release = resolve;
        this.lead();
      });
    // A tab that steals the lock does not wait for it.
    const options = steal ? { steal } : { signal: waiting.signal };
    void this.ports
      .lock(this.name, hold, options)
      .catch(() => {})
      .then(() => {
        if (this.waiting !== waiting) return;
        // The lock was taken away while this tab was frozen. Wait in line again.
        this.stopLeading();
        this.queue(false);
      });
  }

  private lead(): void {
    this.open(this.cursor);
    this.channel?.send({ kind: "lead", cursor: this.cursor });
  }

  private stopLeading(): void {
    this.stream?.close();
    this.stream = null;
    this.release?.();
    this.release = null;
  }

  /** Opens the stream after `cursor`. The tab ignores events that it already has. */
  private open(cursor: number | null): void {
    this.stream?.close();
    this.through = cursor;
    const pass = (name: SharedEvent) => (data: never) => {
      const { position } = data as { readonly position?: number };
      if (position !== undefined) this.through = name === "hello" ? (this.through ?? position) : position;
      this.channel?.send({ kind: "event", name, data });
      this.take(name, data);
    };
    this.stream = this.ports.stream(cursor, {
      hello: pass("hello"),
      signal: pass("signal"),
      contacts: pass("contacts"),
      freshness: pass("freshness"),
      resync: pass("resync"),
      state: (state) => {
        this.channel?.send({ kind: "state", state });
        this.setState(state);
      },
      refused: () => {
        this.channel?.send({ kind: "refused" });
        this.handlers.refused();
      },
    });
  }

  private hear(message: TabMessage): void {
    if ("to" in message && message.to !== undefined && message.to !== this.id) return;
    if (message.kind === "ask") {
      if (this.stream) this.answer(message);
      return;
    }
    // Another tab may still believe that it leads. Its events are true, and their positions show which of them are new.
    this.heardMs = this.ports.now();
    if (message.kind === "replay") this.mayJump = message.after === this.cursor;
    else if (message.kind === "lead") {
      this.askedAfter = null;
      if (!this.stream && this.cursor !== null && (message.cursor === null || message.cursor > this.cursor)) this.ask();
    } else if (message.kind === "refused") this.handlers.refused();
    else if (message.kind === "state") this.setState(message.state);
    else this.follow(message);
  }

  /** Answers a tab that asks. It gets the current state, and the events that it missed are streamed again. */
  private answer({ from, cursor }: Extract<TabMessage, { kind: "ask" }>): void {
    this.channel?.send({ kind: "state", state: this.state, to: from });
    if (cursor !== null && (this.cursor === null || cursor < this.cursor)) {
      this.channel?.send({ kind: "replay", after: cursor, to: from });
      // The stream may already repeat from an earlier position for another tab, which serves this one too.
      if (this.through === null || this.through > cursor) this.open(cursor);
      return;
    }
    if (this.cursor === null || this.freshness === null) return;
    const data = { ...(this.freshness as object), position: this.cursor };
    this.channel?.send({ kind: "event", name: "hello", data, to: from });
  }

  private follow({ name, data }: Extract<TabMessage, { kind: "event" }>): void {
    if (this.stream) return;
    const event = STREAM_EVENTS[name].safeParse(data);
    // An unreadable event comes from a tab with another version of the app. That tab reloads soon.
    if (!event.success) return;
    if (name === "signal") {
      // Before the first hello nothing is missed, because the views are read after it.
      if (this.cursor === null) return;
      const { position } = event.data as { readonly position: number };
      if (position > this.cursor + 1 && !this.mayJump) {
        // An event was missed. Accepting later ones before it is repeated would hide the loss.
        if (this.askedAfter !== this.cursor) this.ask();
        return;
      }
    }
    this.take(name, event.data);
  }

  private take(name: SharedEvent, data: unknown): void {
    const { position } = data as { readonly position?: number };
    if (name === "signal") {
      if (position === undefined || (this.cursor !== null && position <= this.cursor)) return;
      this.cursor = position;
      this.mayJump = false;
      this.askedAfter = null;
    } else if (name === "resync") this.cursor = position ?? null;
    else if (name === "hello") this.cursor ??= position ?? null;
    if (name === "hello") this.askedAfter = null;
    if (name === "hello" || name === "freshness") this.freshness = data;
    this.handlers[name](data as never);
  }

  private ask(): void {
    this.askedAfter = this.cursor;
    this.channel?.send({ kind: "ask", from: this.id, cursor: this.cursor });
  }

  private setState(state: StreamState): void {
    this.state = state;
    this.handlers.state(state);
  }

  /** Detects a leader that stopped without releasing the lock: its stream is open but it says nothing. */
  private look(): void {
    if (this.channel === null || this.stream || this.state === "down") return;
    if (this.ports.now() - this.heardMs < SILENCE_MS) return;
    this.heardMs = this.ports.now();
    this.queue(true);
  }
}

/** Null if the browser lacks locks or channels. */
function browserPorts(): TabPorts | null {
  if (typeof navigator === "undefined" || !("locks" in navigator) || typeof BroadcastChannel === "undefined")
    return null;
  return {
    lock: async (name, hold, options) => void (await navigator.locks.request(name, options, hold)),
    channel: (name, on) => {
      const channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }: MessageEvent<TabMessage>) => on(data);
      return { send: (message) => channel.postMessage(message), close: () => channel.close() };
    },
    stream: connectStream,
    onSleep: (sleep, wake) => {
      // A page in the history cache is not closed, and a frozen page runs nothing.
      const pairs = [
        [window, "pagehide", sleep],
        [window, "pageshow", wake],
        [document, "freeze", sleep],
        [document, "resume", wake],
      ] as const;
      for (const [target, name, on] of pairs) target.addEventListener(name, on);
      return () => {
        for (const [target, name, on] of pairs) target.removeEventListener(name, on);
      };
    },
    everyWhile: (seen, ms) => {
      const timer = setInterval(() => {
        if (document.visibilityState === "visible") seen();
      }, ms);
      return () => clearInterval(timer);
    },
    now: () => performance.now(),
    id: () => Math.random().toString(36).slice(2),
  };
}
