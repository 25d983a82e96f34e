import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configureClient } from "@/lib/client/api/settings";
import { connectStream, type LiveHandlers } from "@/lib/client/live/live-connection";

const FRESH = { asOf: "1700000000.000000000", lagMs: 0, stale: false };
const quiet = () => {};

/** An EventSource that a test drives. */
class Source extends EventTarget {
  static readonly CLOSED = 2;
  static opened: Source[] = [];
  readyState = 1;
  onopen = quiet;
  onerror = quiet;
  constructor(
    readonly url: string,
    readonly options: EventSourceInit,
  ) {
    super();
    Source.opened.push(this);
  }
  close(): void {
    this.readyState = Source.CLOSED;
  }
  send(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
  refuse(): void {
    this.readyState = Source.CLOSED;
    this.onerror();
  }
}

const last = (): Source => Source.opened.at(-1) as Source;

function connect(from: number | null, refused = quiet) {
  const heads: number[] = [];
  const states: string[] = [];
  const handlers: LiveHandlers = {
    hello: ({ position }) => void heads.push(position),
    ...{ signal: quiet, contacts: quiet, freshness: quiet, resync: quiet, refused },
    state: (state) => void states.push(state),
  };
  return { heads, states, stream: connectStream(from, handlers) };
}

beforeEach(() => {
  Source.opened = [];
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("window", new EventTarget());
});
afterEach(() => {
  configureClient();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a stream", () => {
  it("is requested from the server's address, with cookies for another origin only if the settings say so", () => {
    connect(null);
    expect([last().url, last().options]).toEqual(["/api/stream", { withCredentials: false }]);
    configureClient({ baseUrl: "https://app.example/edge", credentials: "include" });
    connect(7);
    expect([last().url, last().options]).toEqual([
      "https://app.example/edge/api/stream?cursor=7",
      { withCredentials: true },
    ]);
  });

  it("goes on at its last position and the same address after a refusal", () => {
    configureClient({ baseUrl: "/edge" });
    const { heads, stream } = connect(null);
    last().send("hello", { position: 12, ...FRESH });
    last().refuse();
    vi.advanceTimersByTime(2_000);
    expect(Source.opened.map(({ url }) => url)).toEqual(["/edge/api/stream", "/edge/api/stream?cursor=12"]);
    stream.close();
    expect(last().readyState).toBe(Source.CLOSED);
    expect(heads).toEqual([12]);
  });

  it("goes on at once when the server ends it", () => {
    connect(3);
    last().send("bye", { reason: "restart" });
    expect(Source.opened.map(({ url }) => url)).toEqual(["/api/stream?cursor=3", "/api/stream?cursor=3"]);
  });

  it("is opened again at its last position if it stays open and brings nothing more, as after the network changed", () => {
    const { stream, states } = connect(3);
    last().onopen();
    for (let i = 0; i < 10; i += 1) {
      vi.advanceTimersByTime(15_000);
      last().send("freshness", FRESH);
    }
    expect(Source.opened).toHaveLength(1);
    last().send("hello", { position: 12, ...FRESH });
    last().send("resync", { position: 12 });
    const silent = last();
    vi.advanceTimersByTime(40_000);
    expect(Source.opened.map(({ url }) => url)).toEqual(["/api/stream?cursor=3", "/api/stream?cursor=12"]);
    expect(silent.readyState).toBe(Source.CLOSED);
    expect(states).toEqual(["connecting", "open", "down"]);
    stream.close();
    vi.advanceTimersByTime(120_000);
    expect(Source.opened).toHaveLength(2);
  });

  it("is opened again as soon as a device that slept is awake", () => {
    connect(3);
    last().onopen();
    // No timer runs during the sleep.
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(2_000);
    expect(Source.opened).toHaveLength(2);
    vi.advanceTimersByTime(2_000);
    expect(Source.opened).toHaveLength(2);
  });

  it("is opened once more than necessary if the clock is set back, and its silence is noticed as before", () => {
    connect(3);
    last().onopen();
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(4_000);
    expect(Source.opened).toHaveLength(2);
    vi.advanceTimersByTime(36_000);
    expect(Source.opened).toHaveLength(3);
  });

  it("does not come back in one moment with all others of a server that stalls, and before another tab takes over", () => {
    const reopenedMs = (random: number) => {
      vi.spyOn(Math, "random").mockReturnValue(random);
      const { stream } = connect(3);
      last().onopen();
      const opened = Source.opened.length;
      let ms = 0;
      for (; Source.opened.length === opened && ms < 60_000; ms += 500) vi.advanceTimersByTime(500);
      stream.close();
      vi.mocked(Math.random).mockRestore();
      return ms;
    };
    const [first, later] = [reopenedMs(0), reopenedMs(0.99)];
    expect(later).toBeGreaterThan(first);
    expect(later).toBeLessThan(35_000);
  });

  it.each([
    ["signed-out", 1],
    ["planned", 0],
  ])("asks who is signed in now only if it ended for that reason: %s", (reason, times) => {
    const refused = vi.fn();
    connect(3, refused);
    last().send("bye", { reason });
    expect(refused).toHaveBeenCalledTimes(times);
  });
});
