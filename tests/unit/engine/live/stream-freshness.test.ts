/** A stream says that it is fresh as of a time only when everything of that time, and of before, was sent on it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { type Position, sessionId, type TopicId, type UserId } from "@/lib/core/ledger/ids";
import type { FreshnessNow } from "@/lib/core/sync/freshness";
import { type LiveEvent, LiveHub } from "@/lib/engine/live/live-hub";
import type { CommitEvent } from "@/lib/ports/shared/event-bus";
import type { SignalRow } from "@/lib/ports/store/view-rows";
import type { ViewStore } from "@/lib/ports/store/view-store";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";

const ALICE = "tm-alice" as UserId;
const BEAT_MS = 1_000;
const TARGET_MS = 10_000;
/** Events are at least this far apart where nothing else happens. */
const FRESHNESS_MS = 5_000;
const FIRST_NS = 1_000n;

/** A change at one time of the ledger, and where Alice's list ended then. */
interface Change {
  readonly ns: bigint;
  readonly position: number;
  readonly peer: UserId;
}

/** One person's stream, whose client takes one event at a time. A change is heard before the process calls itself fresh as of it. */
class Scene {
  readonly clock = new DrivenClock();
  isDown = false;
  /** The process has not read its topics for a while. */
  isLate = false;
  private position = 3;
  private ns = FIRST_NS;
  readonly changes: Change[] = [];
  private readonly end = new AbortController();
  private readonly hub: LiveHub;
  private stream: AsyncGenerator<LiveEvent, void, void> | null = null;
  private taking: Promise<void> | null = null;
  private takesAll = false;
  private failure: unknown = null;
  readonly events: LiveEvent[] = [];
  /** Everything through this position was sent. */
  private sent = 0;
  /** Peers of whom the client was told. */
  private told = new Set<UserId>();

  constructor() {
    const { clock } = this;
    const answer = async <T>(value: () => T): Promise<T> => {
      const known = value();
      await clock.sleep(10);
      if (this.isDown) throw new TierUnavailable("postgres", "down");
      return known;
    };
    const views = {
      head: () => answer(() => this.position),
      heads: () => answer(() => new Map([[ALICE, this.position]])),
      signalsAfter: (_: UserId, after: number, limit: number) =>
        answer(() => {
          const through = Math.min(this.position, after + limit);
          const rows = Array.from({ length: through - after }, (__, i) => ({ position: after + i + 1 }));
          return { rows: rows as unknown as SignalRow[], through };
        }),
    } as unknown as ViewStore;
    this.hub = new LiveHub({
      ...{ views, clock, log: quietLog, beatMs: BEAT_MS, maxStreamMs: 3_600_000, maxPerUser: 1, maxStreams: 1 },
      ...{ demand: () => {}, freshness: () => this.freshness(), freshnessTargetMs: TARGET_MS },
    });
  }

  private freshness(): FreshnessNow {
    const { isLate: stale } = this;
    return { asOfNs: consensusNs(this.ns), lagMs: stale ? 2 * TARGET_MS : 0, stale, isQuiet: false };
  }

  open(cursor: number | null): void {
    const opened = this.hub.open({ userId: ALICE, session: sessionId("one") }, cursor, this.end.signal);
    if (!opened.ok) throw new Error(opened.error);
    this.stream = opened.value;
    this.changes.length = 0;
  }

  commit(isHeard: boolean): void {
    this.position += 1;
    const { peer } = this.change();
    const users = [{ userId: ALICE, head: this.position as Position, added: 1, peers: [peer] }];
    if (isHeard) this.hub.onCommit({ type: "commit", topicId: "0.0.7" as TopicId, users } as unknown as CommitEvent);
    else this.hub.onMissed();
  }

  rename(): void {
    this.hub.onPeersChanged(ALICE, [this.change().peer]);
  }

  private change(): Change {
    this.ns += 1n;
    const change = { ns: this.ns, position: this.position, peer: `tm-${this.ns}` as UserId };
    this.changes.push(change);
    return change;
  }

  /** The client is ready for one more event. */
  async take(): Promise<void> {
    this.takeOne();
    await this.clock.advance(0);
  }

  /** The client takes whatever comes in this time. */
  async takeFor(ms: number): Promise<void> {
    this.takesAll = true;
    this.takeOne();
    await this.clock.advance(ms);
    this.takesAll = false;
  }

  private takeOne(): void {
    this.taking ??= this.next().then((hasMore) => {
      this.taking = null;
      if (hasMore && this.takesAll) this.takeOne();
    }, this.fail);
  }

  private readonly fail = (cause: unknown) => {
    this.failure ??= cause;
  };

  /** Answers whether there was an event. */
  private async next(): Promise<boolean> {
    const { value: event } = (await this.stream?.next()) ?? {};
    if (!event) return false;
    this.events.push(event);
    if (event.event === "hello") this.sent = event.sentThrough;
    if (event.event === "signal") this.sent = event.row.position;
    if (event.event === "contacts") {
      const all = this.changes.map(({ peer }) => peer);
      this.told = new Set([...this.told, ...(event.peers.length === 0 ? all : event.peers)]);
    }
    if (event.event === "hello" || event.event === "freshness") this.expectTrue(event.freshness);
    return true;
  }

  private expectTrue({ asOfNs, stale }: FreshnessNow): void {
    expect(stale || asOfNs !== null).toBe(true);
    for (const { ns, position, peer } of this.changes.filter((change) => change.ns <= (asOfNs ?? 0n))) {
      expect(this.sent, `as of ${asOfNs}, of ${ns}`).toBeGreaterThanOrEqual(position);
      expect(this.told, `as of ${asOfNs}`).toContain(peer);
    }
  }

  /** The last thing that the stream said of its freshness. */
  get last(): FreshnessNow | null {
    const said = this.events.flatMap((event) => ("freshness" in event ? [event.freshness] : []));
    return said.at(-1) ?? null;
  }

  get nowNs(): bigint {
    return this.ns;
  }

  async close(): Promise<void> {
    this.end.abort();
    await this.clock.advance(60_000);
    if (this.failure !== null) throw this.failure;
  }
}

async function scene(
  cursor: number | null,
  prove: (scene: Scene) => Promise<void>,
  { isLate = false } = {},
): Promise<void> {
  const opened = new Scene();
  opened.isLate = isLate;
  opened.open(cursor);
  try {
    await prove(opened);
  } finally {
    await opened.close();
  }
}

const ACTIONS = {
  commit: (s: Scene) => s.commit(true),
  "missed commit": (s: Scene) => s.commit(false),
  rename: (s: Scene) => s.rename(),
  down: (s: Scene) => {
    s.isDown = true;
  },
  up: (s: Scene) => {
    s.isDown = false;
  },
  take: (s: Scene) => s.take(),
  "take all": (s: Scene) => s.takeFor(200),
  moment: (s: Scene) => s.clock.advance(5),
  beat: (s: Scene) => s.clock.advance(BEAT_MS),
  "long while": (s: Scene) => s.clock.advance(FRESHNESS_MS),
};
type Name = keyof typeof ACTIONS;

describe("what a stream says of its freshness", () => {
  it("is the freshness of its process if nothing is left to send", () =>
    scene(null, async (s) => {
      await s.takeFor(100);
      expect(s.events).toMatchObject([{ event: "hello", position: 3, freshness: { asOfNs: FIRST_NS, stale: false } }]);
      s.commit(true);
      await s.takeFor(FRESHNESS_MS + BEAT_MS);
      expect(s.last).toMatchObject({ asOfNs: s.nowNs, stale: false });
    }));

  it("is not known before all missed signals were sent, and is reported right after them", () =>
    scene(1, async (s) => {
      await s.takeFor(200);
      expect(s.events.map(({ event }) => event)).toEqual(["hello", "signal", "signal", "freshness"]);
      expect(s.events[0]).toMatchObject({ freshness: { asOfNs: null, lagMs: null, stale: true } });
      expect(s.last).toMatchObject({ asOfNs: FIRST_NS, stale: false });
    }));

  it("is told at the first heartbeat after the sync that a page's opening has demanded", () =>
    scene(
      null,
      async (s) => {
        await s.takeFor(1_700);
        expect(s.events).toMatchObject([{ event: "hello", freshness: { stale: true } }]);
        s.isLate = false;
        await s.takeFor(BEAT_MS);
        expect(s.events.slice(1)).toMatchObject([{ event: "freshness", freshness: { stale: false } }]);
        await s.takeFor(FRESHNESS_MS - BEAT_MS);
        expect(s.events).toHaveLength(2);
      },
      { isLate: true },
    ));

  it("grows old from the last moment at which all was sent, while the database does not give the rest", () =>
    scene(null, async (s) => {
      await s.takeFor(100);
      s.isDown = true;
      s.commit(true);
      await s.takeFor(FRESHNESS_MS + BEAT_MS);
      expect(s.last).toMatchObject({ asOfNs: FIRST_NS, stale: false });
      expect(s.last?.lagMs).toBeGreaterThanOrEqual(FRESHNESS_MS);
      await s.takeFor(2 * FRESHNESS_MS);
      expect(s.last).toMatchObject({ asOfNs: FIRST_NS, stale: true });
      s.isDown = false;
      await s.takeFor(FRESHNESS_MS + BEAT_MS);
      expect(s.last).toMatchObject({ asOfNs: s.nowNs, stale: false });
    }));

  it("reports contacts that may have changed if the event of a commit was missed", () =>
    scene(null, async (s) => {
      await s.takeFor(100);
      s.commit(false);
      await s.takeFor(200);
      expect(s.events.map(({ event }) => event)).toEqual(["hello", "signal", "contacts"]);
      expect(s.events.at(-1)).toEqual({ event: "contacts", peers: [] });
      s.commit(true);
      await s.takeFor(200);
      expect(s.events.at(-1)).toEqual({ event: "contacts", peers: [s.changes.at(-1)?.peer] });
    }));

  it("never runs ahead of what was sent, whatever happens between two events, and catches up in the end", async () => {
    const names = fc.constantFrom(...(Object.keys(ACTIONS) as Name[]));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(null, 1, 3),
        fc.array(names, { minLength: 5, maxLength: 25, size: "max" }),
        (cursor, actions) =>
          scene(cursor, async (s) => {
            for (const name of actions) await ACTIONS[name](s);
            s.isDown = false;
            await s.takeFor(2 * FRESHNESS_MS + BEAT_MS);
            expect(s.last).toMatchObject({ asOfNs: s.nowNs, stale: false });
          }),
      ),
      { numRuns: 60 },
    );
  });
});
