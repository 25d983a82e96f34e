import { beforeEach, describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { type Position, sessionId, type TopicId, type UserId } from "@/lib/core/ledger/ids";
import { POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";
import { type FreshnessNow, UNKNOWN_AGE } from "@/lib/core/sync/freshness";
import { type LiveEvent, LiveHub } from "@/lib/engine/live/live-hub";
import type { CommitEvent } from "@/lib/ports/shared/event-bus";
import type { SignalRow } from "@/lib/ports/store/view-rows";
import type { ViewStore } from "@/lib/ports/store/view-store";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";

const [ALICE, BOB] = ["tm-alice", "tm-bob"] as [UserId, UserId];
const BEAT_MS = 1_000;

let clock: DrivenClock;
let heads: Map<UserId, number>;
let isDown: boolean;
let demands: number;
let reads: number;
/** Rows up to this position were dropped. */
let droppedThrough: number;
/** How fresh the process is. */
let fresh: FreshnessNow;
let hub: LiveHub;

const answer = <T>(value: () => T): Promise<T> =>
  isDown ? Promise.reject(new TierUnavailable("postgres", "down")) : Promise.resolve(value());
const rowAt = (position: number) => ({ position }) as unknown as SignalRow;
const views = {
  head: (userId: UserId) => answer(() => heads.get(userId) ?? 0),
  heads: (userIds: readonly UserId[]) => answer(() => new Map(userIds.map((id) => [id, heads.get(id) ?? 0]))),
  signalsAfter: (userId: UserId, after: number, limit: number) =>
    answer(() => {
      reads += 1;
      const through = Math.min(heads.get(userId) ?? 0, after + limit);
      const rows = Array.from({ length: through - after }, (_, i) => rowAt(after + i + 1));
      return { rows, through, position: heads.get(userId) ?? 0, hasDropped: after < droppedThrough };
    }),
} as unknown as ViewStore;

beforeEach(() => {
  [clock, heads, isDown, demands, reads] = [new DrivenClock(), new Map([[ALICE, 3]]), false, 0, 0];
  [droppedThrough, fresh] = [0, UNKNOWN_AGE];
  hub = new LiveHub({
    ...{ views, clock, log: quietLog, beatMs: BEAT_MS, maxStreamMs: 60_000, maxPerUser: 2, maxStreams: 3 },
    ...{ freshness: () => fresh, freshnessTargetMs: 10_000 },
    demand: () => {
      demands += 1;
    },
  });
});

const viewer = (userId: UserId, session = sessionId("one")) => ({ userId, session });

/** An open stream whose events collect in a list. */
function opened(userId: UserId, cursor: number | null, session = sessionId("one")) {
  const end = new AbortController();
  const stream = hub.open(viewer(userId, session), cursor, end.signal);
  if (!stream.ok) throw new Error(stream.error);
  const events: LiveEvent[] = [];
  const over = (async () => {
    for await (const event of stream.value) events.push(event);
  })();
  const positions = () => events.flatMap((event) => (event.event === "signal" ? [event.row.position] : []));
  return { events, over, end, positions, names: () => events.map(({ event }) => event) };
}

function commit(userId: UserId, head: number): void {
  heads.set(userId, head);
  const users = [{ userId, head: head as Position, added: 1, peers: [BOB] }];
  hub.onCommit({ type: "commit", topicId: "0.0.7" as TopicId, users } as unknown as CommitEvent);
}

describe("a stream", () => {
  it("that resumes before dropped rows starts over at the head, and continues from there", async () => {
    [droppedThrough] = [2];
    const [behind, after] = [opened(ALICE, 1), opened(ALICE, 2)];
    await clock.advance(0);
    expect(behind.events.slice(0, 2)).toMatchObject([{ event: "hello" }, { event: "resync", position: 3 }]);
    expect(after.positions()).toEqual([3]);
    commit(ALICE, 4);
    await clock.advance(0);
    expect([behind.positions(), after.positions()]).toEqual([[4], [3, 4]]);
  });

  it("begins with the rows after its cursor, then gets each commit as it comes", async () => {
    const stream = opened(ALICE, 1);
    await clock.advance(0);
    expect(stream.events[0]).toMatchObject({ event: "hello", position: 3, sentThrough: 1 });
    expect(stream.positions()).toEqual([2, 3]);
    commit(ALICE, 5);
    await clock.advance(0);
    expect(stream.positions()).toEqual([2, 3, 4, 5]);
    expect(stream.events.at(-1)).toEqual({ event: "contacts", peers: [BOB] });
  });

  it("without a cursor begins at the head", async () => {
    const stream = opened(ALICE, null);
    await clock.advance(0);
    expect(stream.events).toMatchObject([{ event: "hello", position: 3, sentThrough: 3 }]);
  });

  it("that resumes behind its head says at once whether the ledger was read to its end", async () => {
    fresh = { asOfNs: consensusNs(5n), lagMs: 0, stale: false, isQuiet: false };
    const one = opened(ALICE, 1);
    await clock.advance(0);
    fresh = { ...UNKNOWN_AGE, isIncomplete: true };
    const other = opened(ALICE, 1);
    await clock.advance(0);
    expect(one.events[0]).toMatchObject({ event: "hello", freshness: UNKNOWN_AGE });
    expect(one.events[0]).not.toMatchObject({ freshness: { isIncomplete: true } });
    expect(other.events[0]).toMatchObject({ event: "hello", freshness: { asOfNs: null, isIncomplete: true } });
  });

  it("reads rows in pages until it has caught up", async () => {
    heads.set(ALICE, 450);
    const stream = opened(ALICE, 0);
    await clock.advance(0);
    expect(stream.positions()).toEqual(Array.from({ length: 450 }, (_, i) => i + 1));
  });

  it("shares one read of a commit with the person's other streams, and misses nothing that comes meanwhile", async () => {
    const [one, other] = [opened(ALICE, 3), opened(ALICE, 3)];
    await clock.advance(0);
    commit(ALICE, 4);
    await clock.advance(0);
    expect(reads).toBe(1);
    // The first read is under way when the next commit comes.
    commit(ALICE, 5);
    commit(ALICE, 6);
    await clock.advance(0);
    for (const { positions } of [one, other]) expect(positions()).toEqual([4, 5, 6]);
    expect(reads).toBeLessThanOrEqual(3);
  });

  it("with a cursor of another epoch is told to start over", async () => {
    heads.set(ALICE, POSITIONS_PER_EPOCH + 2);
    const stream = opened(ALICE, 1);
    await clock.advance(0);
    expect(stream.names()).toEqual(["hello", "resync", "freshness"]);
  });

  it("finds a commit without an event, after missed events", async () => {
    const stream = opened(ALICE, 3);
    await clock.advance(0);
    heads.set(ALICE, 4);
    hub.onMissed();
    await clock.advance(0);
    expect(stream.positions()).toEqual([4]);
  });

  it("stays open while the database is down, and goes on at a heartbeat after it", async () => {
    const stream = opened(ALICE, 3);
    await clock.advance(0);
    isDown = true;
    commit(ALICE, 4);
    await clock.advance(5 * BEAT_MS);
    expect(stream.positions()).toEqual([]);
    isDown = false;
    await clock.advance(BEAT_MS);
    expect(stream.positions()).toEqual([4]);
  });

  it("sends its freshness at least every fifteen seconds, and ends by itself in time", async () => {
    const stream = opened(ALICE, 3);
    await clock.advance(15_000);
    expect(stream.names()).toContain("freshness");
    await clock.advance(50_000);
    expect(stream.events.at(-1)).toEqual({ event: "bye", reason: "planned" });
    await stream.over;
    expect(hub.size).toBe(0);
  });

  it.each(["shutdown", "signed-out"] as const)("says so when it is ended: %s", async (reason) => {
    const [own, other] = [opened(ALICE, 3), opened(BOB, 0)];
    await clock.advance(0);
    hub.end(ALICE, reason);
    await own.over;
    expect(own.events.at(-1)).toEqual({ event: "bye", reason });
    expect(other.names()).not.toContain("bye");
  });

  it("ends with the session that opened it, and those of other sessions go on", async () => {
    const [one, two] = ["one", "two"].map((name) => opened(ALICE, 3, sessionId(name)));
    await clock.advance(0);
    hub.end(sessionId("one"), "signed-out");
    await one?.over;
    commit(ALICE, 4);
    await clock.advance(0);
    expect(one?.events.at(-1)).toEqual({ event: "bye", reason: "signed-out" });
    expect([one?.positions(), two?.positions()]).toEqual([[], [4]]);
  });

  it("sends nothing more of a page that is half sent to somebody who has signed out", async () => {
    const opening = hub.open(viewer(ALICE), 1, new AbortController().signal);
    if (!opening.ok) throw new Error(opening.error);
    const names: string[] = [];
    for await (const { event } of opening.value) {
      names.push(event);
      if (event === "signal") hub.end(ALICE, "signed-out");
    }
    expect(names).toEqual(["hello", "signal", "bye"]);
  });

  it("sends nothing more to somebody who has signed out, not even what was on its way", async () => {
    const stream = opened(ALICE, 1);
    commit(ALICE, 5);
    hub.end(ALICE, "signed-out");
    await stream.over;
    expect(stream.positions()).toEqual([]);
    expect(stream.events.at(-1)).toEqual({ event: "bye", reason: "signed-out" });
  });
});

describe("streams together", () => {
  it("are limited for one user and for the instance, and a closed one makes room", async () => {
    const [first] = [opened(ALICE, 3), opened(ALICE, 3)];
    expect(hub.open(viewer(ALICE), 3, new AbortController().signal)).toMatchObject({ ok: false, error: "per-user" });
    opened(BOB, 0);
    expect(hub.open(viewer(BOB), 0, new AbortController().signal)).toMatchObject({ ok: false, error: "per-instance" });
    first.end.abort();
    await first.over;
    expect(hub.size).toBe(2);
    expect(hub.open(viewer(BOB), 0, new AbortController().signal).ok).toBe(true);
    expect(hub.counts).toEqual({ opened: 4, refusedPerUser: 1, refusedPerInstance: 1 });
  });

  it("demand a sync once a heartbeat, and none without streams", async () => {
    const [first, second] = [opened(ALICE, 3), opened(BOB, 0)];
    await clock.advance(10 * BEAT_MS);
    expect(demands).toBe(11);
    for (const { end, over } of [first, second]) {
      end.abort();
      await over;
    }
    // The timer has stopped at once: an idle instance wakes for nothing.
    expect(clock.waiting).toBe(0);
    await clock.advance(10 * BEAT_MS);
    expect(demands).toBe(11);
  });
});
