/** When old messages are dropped. The store's side of it is in tests/contract/store/parts/dropping.ts. */
import { beforeEach, describe, expect, it } from "vitest";
import { type ConsensusNs, fromMs } from "@/lib/core/ledger/consensus-time";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type DropDeps, type DropOptions, dropOlder } from "@/lib/engine/repair/drop-old";
import type { DropRange } from "@/lib/ports/store/sync/drop-store";
import type { TopicState } from "@/lib/ports/store/sync/topic-store";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";

const [BUSY, OTHER] = ["0.0.7", "0.0.8"] as [TopicId, TopicId];
const READY = { paused: false, isDropping: false, projected: null, isReread: true, isReadTwice: false };

let clock: DrivenClock;
/** How many ranges are left, by topic. */
let left: Map<TopicId, number>;
let steps: string[];
let askedNs: Set<ConsensusNs>;
let sweptNs: Set<ConsensusNs>;
let attempts: number;
let rowsLeft: number[];
let isShut: boolean;
let headsNs: readonly bigint[];
let state: Map<TopicId, Partial<TopicState>>;
let store: DropDeps["store"];

beforeEach(() => {
  clock = new DrivenClock(Date.UTC(2026, 10, 23));
  [left, steps, askedNs, rowsLeft, isShut] = [new Map(), [], new Set(), [], false];
  [sweptNs, attempts, state] = [new Set(), 0, new Map()];
  headsNs = [fromMs(clock.now() - 5_000), 0n];
  store = {
    topics: async () =>
      [BUSY, OTHER].map((topicId, i) => ({ ...READY, ...state.get(topicId), topicId, headNs: headsNs[i] })) as never,
    nextDrop: async (topicId, beforeNs) => {
      askedNs.add(beforeNs);
      return (left.get(topicId) ?? 0) === 0 ? null : ({ topicId, through: 256, messages: 9 } as DropRange);
    },
    drop: async ({ topicId }) => {
      attempts += 1;
      if (isShut) return false;
      steps.push(topicId);
      left.set(topicId, (left.get(topicId) ?? 0) - 1);
      return true;
    },
    dropRows: async (nowNs) => {
      sweptNs.add(nowNs);
      const rows = rowsLeft.shift();
      if (rows !== undefined) steps.push(`${rows} rows`);
      return { people: rows === undefined ? 0 : 2, rows: rows ?? 0 };
    },
  };
});

const all = (more: Partial<DropOptions> = {}, keepMonths = 2) =>
  clock.drive(
    dropOlder(
      { store, clock, keepMonths },
      { pauseMs: 0, mostMs: 60_000, signal: new AbortController().signal, ...more },
    ),
  );

describe("dropping", () => {
  it("takes each topic's messages from before the month, then the rows of people, and tells of each step", async () => {
    left = new Map([
      [BUSY, 2],
      [OTHER, 1],
    ]);
    rowsLeft = [400, 0, 12];
    const told: unknown[] = [];
    const done = await all({
      onDropped: (...step) => void told.push(step),
      onRowsDropped: (rows) => void told.push(rows),
    });
    expect(done).toEqual({ messages: 27, rows: 412 });
    expect(steps).toEqual([BUSY, BUSY, OTHER, "400 rows", "0 rows", "12 rows"]);
    expect(told).toEqual([[BUSY, 256, 9], [BUSY, 256, 9], [OTHER, 256, 9], 400, 0, 12]);
    expect([...askedNs]).toEqual([fromMs(Date.UTC(2026, 8, 1))]);
  });

  it("counts months by the ledger's time where the clock is ahead of it", async () => {
    const [head] = headsNs as [ConsensusNs];
    clock.stepWall(400 * 86_400_000);
    await all();
    expect([...askedNs]).toEqual([fromMs(Date.UTC(2026, 8, 1))]);
    expect([...sweptNs]).toEqual([head]);
  });

  it("does nothing without KEEP_MONTHS", async () => {
    left.set(BUSY, 1);
    expect(await all({}, 0)).toEqual({ messages: 0, rows: 0 });
    expect(steps).toEqual([]);
  });

  it("skips a topic with a fault, reports it, and drops messages of the others", async () => {
    const fault = new Error("a fault of ours");
    const { nextDrop } = store;
    store = { ...store, nextDrop: (...asked) => (asked[0] === BUSY ? Promise.reject(fault) : nextDrop(...asked)) };
    left.set(OTHER, 1);
    rowsLeft = [3];
    const faults: unknown[] = [];
    expect(await all({ onFault: (...told) => void faults.push(told) })).toEqual({ messages: 9, rows: 3 });
    expect(faults).toEqual([[BUSY, fault]]);
    await expect(all()).rejects.toThrow("a fault of ours");
  });

  it("ends if the database is down", async () => {
    store = { ...store, nextDrop: () => Promise.reject(new TierUnavailable("postgres", "the database is down")) };
    const faults: unknown[] = [];
    await expect(all({ onFault: (...told) => void faults.push(told) })).rejects.toThrow("the database is down");
    expect(faults).toEqual([]);
  });

  it("leaves a topic that others change to the next run", async () => {
    isShut = true;
    left = new Map([[BUSY, 1]]);
    const leaves: unknown[] = [];
    expect(await all({ onLeft: (...told) => void leaves.push(told) })).toEqual({ messages: 0, rows: 0 });
    expect(leaves).toEqual([[BUSY, "changing"]]);
    expect(attempts).toBe(3);
  });

  it.each([
    ["paused", { paused: true, isReread: false }],
    ["rereading", { isReread: false }],
  ] as const)("says that a topic is %s, and still does what may be done", async (why, told) => {
    state.set(BUSY, told);
    left.set(OTHER, 1);
    const leaves: unknown[] = [];
    expect(await all({ onLeft: (...each) => void leaves.push(each) })).toEqual({ messages: 9, rows: 0 });
    expect(leaves).toEqual([[BUSY, why]]);
    leaves.length = 0;
    expect(await all({ onLeft: (...each) => void leaves.push(each) }, 0)).toEqual({ messages: 0, rows: 0 });
    expect(leaves).toEqual([]);
  });

  it.each([
    ["dropping", { isDropping: true, isReread: false }],
    ["folding", { projected: 256 }],
    ["rereading", { isReread: false, isReadTwice: true }],
  ] as const)("says that a topic that is %s holds up all of them, paused or not", async (by, told) => {
    const leaves: unknown[] = [];
    const heldUp: unknown[] = [];
    for (const paused of [false, true]) {
      state.set(BUSY, { ...told, paused });
      await all({
        onLeft: (...each) => void leaves.push(each),
        onHeldUp: (...each) => void heldUp.push(each),
      });
    }
    expect([leaves, heldUp]).toEqual([
      [],
      [
        [BUSY, by, false],
        [BUSY, by, true],
      ],
    ]);
  });

  it("rests after each step for a multiple of its time", async () => {
    left.set(BUSY, 3);
    rowsLeft = [];
    const { nextDrop } = store;
    store = {
      ...store,
      nextDrop: async (...asked) => {
        await clock.sleep(100);
        return nextDrop(...asked);
      },
    };
    const startMs = clock.monotonicMs();
    await all({ restTimes: 9 });
    // Three steps with a rest of 900 ms each, and a look at each topic that finds nothing.
    expect(clock.monotonicMs() - startMs).toBe(3 * 1_000 + 2 * 100);
  });

  it("ends between two steps: after its time, and when it is told to", async () => {
    left.set(BUSY, 9);
    rowsLeft = [400];
    expect(await all({ pauseMs: 100, mostMs: 250 })).toEqual({ messages: 27, rows: 0 });
    const ending = new AbortController();
    ending.abort();
    expect(await all({ signal: ending.signal })).toEqual({ messages: 0, rows: 0 });
  });
});
