import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LiveHandlers, LiveStream } from "@/lib/client/live/live-connection";
import { shareLive, type TabMessage, type TabPorts } from "@/lib/client/live/live-share";

const FRESH = { asOf: "1700000000.000000000", lagMs: 0, stale: false };
const signalAt = (position: number) => ({
  id: `0.0.5/${position}`,
  type: "CONTACT_REQUEST",
  actor: "tm-a",
  target: "tm-b",
  ts: 1,
  consensusTimestamp: "1700000000.000000000",
  topicId: "0.0.5",
  sequenceNumber: position,
  metadata: {},
  source: "hcs" as const,
  verified: "verified" as const,
  position,
});

/** A browser with a server behind it: one lock, one channel, streams that answer from a position on. Time is driven. */
class Browser {
  nowMs = 0;
  head = 10;
  /** Rows that the server shows to nobody. */
  readonly hidden = new Set<number>();
  readonly tabs: TestTab[] = [];
  readonly open = new Set<{ cursor: number; isGreeted: boolean; tab: TestTab; handlers: LiveHandlers }>();
  private readonly line: { tab: TestTab; run(): void; isGone: boolean; reject(cause: Error): void }[] = [];

  /** Everything that is under way comes to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 60; turn += 1) {
      await Promise.resolve();
      for (const tab of this.tabs) tab.deliver();
      this.pump();
    }
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 5_000) {
      this.nowMs += 5_000;
      for (const stream of this.open) if (!stream.tab.isHung && stream.isGreeted) stream.handlers.freshness(FRESH);
      for (const tab of this.tabs) tab.look();
      await this.settle();
    }
  }

  publish(): void {
    this.head += 1;
  }

  /** Streams bring what came after where they are. A tab that stands still takes nothing. */
  private pump(): void {
    for (const stream of this.open) {
      if (stream.tab.isHung || !stream.isGreeted) continue;
      while (stream.cursor < this.head && this.open.has(stream)) {
        stream.cursor += 1;
        if (!this.hidden.has(stream.cursor)) stream.handlers.signal(signalAt(stream.cursor));
      }
    }
  }

  send(from: TestTab, message: TabMessage): void {
    for (const tab of this.tabs) if (tab !== from && tab.isListening) tab.inbox.push(structuredClone(message));
  }

  stream(tab: TestTab, cursor: number | null, handlers: LiveHandlers): LiveStream {
    const stream = { cursor: cursor ?? this.head, isGreeted: false, tab, handlers };
    this.open.add(stream);
    void Promise.resolve().then(() => {
      if (!this.open.has(stream)) return;
      stream.isGreeted = true;
      handlers.state("open");
      handlers.hello({ ...FRESH, position: this.head });
    });
    return { close: () => this.open.delete(stream) };
  }

  lock(tab: TestTab, hold: () => Promise<void>, { signal, steal }: { signal?: AbortSignal; steal?: boolean }) {
    return new Promise<void>((resolve, reject) => {
      const entry = {
        tab,
        isGone: false,
        reject,
        run: () =>
          void hold().then(() => {
            if (entry.isGone) return;
            this.remove(entry);
            resolve();
          }),
      };
      if (steal) {
        const [holder] = this.line;
        if (holder) {
          holder.isGone = true;
          this.line.shift();
          holder.reject(new Error("stolen"));
        }
        this.line.unshift(entry);
        entry.run();
        return;
      }
      signal?.addEventListener("abort", () => {
        if (this.line[0] === entry || !this.line.includes(entry)) return;
        this.remove(entry);
        reject(new Error("aborted"));
      });
      this.line.push(entry);
      if (this.line[0] === entry) entry.run();
    });
  }

  /** The tab is gone, and what it held with it. */
  drop(tab: TestTab): void {
    for (const stream of [...this.open]) if (stream.tab === tab) this.open.delete(stream);
    for (const entry of this.line.filter((each) => each.tab === tab)) {
      entry.isGone = true;
      this.remove(entry);
    }
  }

  private remove(entry: (typeof this.line)[number]): void {
    const wasFirst = this.line[0] === entry;
    const at = this.line.indexOf(entry);
    if (at >= 0) this.line.splice(at, 1);
    if (wasFirst) this.line[0]?.run();
  }
}

class TestTab {
  readonly inbox: TabMessage[] = [];
  readonly signals: number[] = [];
  readonly heads: number[] = [];
  state = "";
  isListening = false;
  isHung = false;
  isAsleep = false;
  private on: (message: TabMessage) => void = () => {};
  private sleep = () => {};
  private wake = () => {};
  look = () => {};
  private readonly leave: () => void;

  constructor(private readonly browser: Browser) {
    browser.tabs.push(this);
    const ports: TabPorts = {
      lock: (_, hold, options) => browser.lock(this, hold, options),
      channel: (_, on) => {
        this.on = on;
        this.isListening = true;
        return {
          send: (message) => browser.send(this, message),
          close: () => {
            this.isListening = false;
            this.inbox.length = 0;
          },
        };
      },
      stream: (cursor, handlers) => browser.stream(this, cursor, handlers),
      onSleep: (sleep, wake) => {
        [this.sleep, this.wake] = [sleep, wake];
        return () => {};
      },
      everyWhile: (seen) => {
        this.look = () => {
          if (!this.isHung && !this.isAsleep) seen();
        };
        return () => {};
      },
      now: () => browser.nowMs,
      id: () => String(browser.tabs.length),
    };
    const handlers: LiveHandlers = {
      hello: ({ position }) => void this.heads.push(position),
      signal: ({ position }) => void this.signals.push(position),
      contacts: () => {},
      freshness: () => {},
      resync: () => {},
      state: (state) => {
        this.state = state;
      },
      refused: () => {},
    };
    this.leave = shareLive("tm-a", handlers, ports);
  }

  deliver(): void {
    if (this.isHung) return;
    for (const message of this.inbox.splice(0)) this.on(message);
  }

  /** Closes in order, or as a crash does. */
  close(isCrash = false): void {
    this.browser.tabs.splice(this.browser.tabs.indexOf(this), 1);
    if (isCrash) this.browser.drop(this);
    else this.leave();
  }

  freeze(): void {
    this.isAsleep = true;
    this.sleep();
  }

  thaw(): void {
    this.isAsleep = false;
    this.wake();
  }
}

async function withTabs(count: number): Promise<{ browser: Browser; tabs: TestTab[] }> {
  const browser = new Browser();
  const tabs: TestTab[] = [];
  for (let i = 0; i < count; i += 1) {
    tabs.push(new TestTab(browser));
    await browser.settle();
  }
  return { browser, tabs };
}

describe("the tabs of one person", () => {
  it("share one stream, and each gets every event", async () => {
    const { browser, tabs } = await withTabs(7);
    expect(browser.open.size).toBe(1);
    expect(tabs.map(({ heads }) => heads.at(-1))).toEqual(Array(7).fill(10));
    expect(tabs.map(({ state }) => state)).toEqual(Array(7).fill("open"));
    browser.publish();
    browser.publish();
    await browser.settle();
    for (const { signals } of tabs) expect(signals).toEqual([11, 12]);
  });

  it.each([
    ["closes", (tab: TestTab) => tab.close()],
    ["crashes", (tab: TestTab) => tab.close(true)],
    ["is frozen", (tab: TestTab) => tab.freeze()],
  ])("go on without loss or repetition if the tab with the stream %s", async (_, end) => {
    const { browser, tabs } = await withTabs(3);
    browser.publish();
    await browser.settle();
    end(tabs[0] as TestTab);
    browser.publish();
    await browser.settle();
    expect(browser.open.size).toBe(1);
    for (const { signals } of tabs.slice(1)) expect(signals).toEqual([11, 12]);
  });

  it("take over from a tab that hangs, and only when it is silent", async () => {
    const { browser, tabs } = await withTabs(3);
    await browser.pass(60_000);
    expect([...browser.open].map(({ tab }) => tab)).toEqual([tabs[0]]);
    (tabs[0] as TestTab).isHung = true;
    browser.publish();
    await browser.pass(45_000);
    for (const { signals } of tabs.slice(1)) expect(signals).toEqual([11]);
    (tabs[0] as TestTab).isHung = false;
    browser.publish();
    await browser.settle();
    await browser.pass(10_000);
    expect(browser.open.size).toBe(1);
    for (const { signals } of tabs) expect(signals).toEqual([11, 12]);
  });

  it("bring a tab that was asleep the events that it missed", async () => {
    const { browser, tabs } = await withTabs(2);
    (tabs[1] as TestTab).freeze();
    browser.publish();
    browser.publish();
    await browser.settle();
    expect(tabs[1]?.signals).toEqual([]);
    tabs[1]?.thaw();
    await browser.settle();
    for (const { signals } of tabs) expect(signals).toEqual([11, 12]);
    expect(browser.open.size).toBe(1);
  });

  it("do not wait for rows that the server shows to nobody", async () => {
    const { browser, tabs } = await withTabs(2);
    browser.hidden.add(12);
    for (let i = 0; i < 4; i += 1) browser.publish();
    await browser.settle();
    for (const { signals } of tabs) expect(signals).toEqual([11, 13, 14]);
  });

  it("get every event once and in order, whichever tabs open, close, crash, sleep and hang", async () => {
    const act = fc.constantFrom(
      "open",
      "close",
      "crash",
      "freeze",
      "thaw",
      "hang",
      "go on",
      "publish",
      "publish",
      "wait",
    );
    const acts = fc.array(fc.tuple(act, fc.nat(9), fc.boolean()), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(acts, fc.array(fc.integer({ min: 11, max: 16 }), { maxLength: 2 }), async (acts, hidden) => {
        const { browser } = await withTabs(2);
        for (const position of hidden) browser.hidden.add(position);
        for (const [what, which, settles] of acts) {
          const tab = browser.tabs[which % Math.max(1, browser.tabs.length)];
          if (what === "open" && browser.tabs.length < 6) new TestTab(browser);
          if (what === "close") tab?.close();
          if (what === "crash") tab?.close(true);
          if (what === "freeze" && tab && !tab.isAsleep && !tab.isHung) tab.freeze();
          if (what === "thaw" && tab?.isAsleep) tab.thaw();
          if (what === "hang" && tab && !tab.isAsleep) tab.isHung = true;
          if (what === "go on" && tab) tab.isHung = false;
          if (what === "publish") browser.publish();
          if (what === "wait") await browser.pass(45_000);
          if (settles) await browser.settle();
        }
        for (const tab of browser.tabs) {
          tab.isHung = false;
          if (tab.isAsleep) tab.thaw();
        }
        await browser.settle();
        await browser.pass(50_000);
        browser.publish();
        await browser.pass(50_000);
        if (browser.tabs.length > 0) expect(browser.open.size).toBe(1);
        for (const { signals, heads } of browser.tabs) {
          const first = heads[0] ?? Number.NaN;
          const all = Array.from({ length: browser.head - first }, (_, i) => first + 1 + i);
          expect(signals).toEqual(all.filter((position) => !browser.hidden.has(position)));
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("a browser without locks or channels", () => {
  it("gives each tab a stream of its own", () => {
    const opened: string[] = [];
    const globals = globalThis as { EventSource?: unknown; window?: unknown };
    const before = { EventSource: globals.EventSource, window: globals.window };
    class Source {
      addEventListener = () => {};
      constructor(url: string) {
        opened.push(url);
      }
      close = () => void opened.push("closed");
    }
    Object.assign(globals, {
      EventSource: Source,
      window: { addEventListener: () => {}, removeEventListener: () => {} },
    });
    const quiet = () => {};
    const handlers: LiveHandlers = {
      ...{
        hello: quiet,
        signal: quiet,
        contacts: quiet,
        freshness: quiet,
        resync: quiet,
        state: quiet,
        refused: quiet,
      },
    };
    const leave = shareLive("tm-a", handlers, null);
    leave();
    Object.assign(globals, before);
    expect(opened).toEqual(["/api/stream", "closed"]);
  });
});
