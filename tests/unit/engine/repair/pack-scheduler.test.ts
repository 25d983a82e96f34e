/** When older messages are packed, and by whom. The store's side of it is in tests/contract/store/parts/packing.ts. */
import { beforeEach, describe, expect, it } from "vitest";
import { MemoryHotCache } from "@/lib/adapters/memory/memory-hot-cache";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import type { Sequence, TopicId } from "@/lib/core/ledger/ids";
import type { LogEntry } from "@/lib/core/signals/batch";
import { packable } from "@/lib/core/signals/packable";
import { type PackOptions, packOlder } from "@/lib/engine/repair/pack";
import { PackScheduler, type PackSchedulerDeps } from "@/lib/engine/repair/pack-scheduler";
import type { DropRange } from "@/lib/ports/store/sync/drop-store";
import type { PackRange } from "@/lib/ports/store/sync/pack-store";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";

const [BUSY, OTHER] = ["0.0.7", "0.0.8"] as [TopicId, TopicId];
const READY = { paused: false, isDropping: false, projected: null, isReread: true, isReadTwice: false, headNs: 0n };
const HOT_MS = 3_600_000;
const DAY_MS = 86_400_000;

const entryOf = (sequence: number, ageMs: number, more: Partial<LogEntry> = {}): LogEntry => ({
  sequence: sequence as Sequence,
  consensusNs: fromMs(clock.now() - ageMs),
  ...{ payer: null, message: new TextEncoder().encode(`{"type":"GREETING","from":"tm-a"}`), body: null },
  ...{ runningHash: null, runningHashVersion: 3, verification: "verified", disposition: "signal" },
  ...{ reason: null, chunk: null },
  ...more,
});

let clock: DrivenClock;
/** The ranges that are left, by topic. */
let left: Map<TopicId, LogEntry[][]>;
let isShut: boolean;
let ageMs: number;
let dropAgeMs: number;
/** How often messages were looked for that may be dropped. */
let dropLooks: number;
/** How often it was asked since when a version that drops is here. */
let dropAges: number;
let packed: [TopicId, readonly number[]][];
/** The rows that each further look finds. */
let rowsLeft: number[];
let rowsAsked: (readonly [beforeNs: bigint, nowNs: bigint])[];
let store: PackSchedulerDeps["store"];

beforeEach(() => {
  clock = new DrivenClock();
  [left, packed, isShut, ageMs] = [new Map(), [], false, 2 * DAY_MS];
  [rowsLeft, rowsAsked, dropAgeMs, dropLooks, dropAges] = [[], [], 2 * DAY_MS, 0, 0];
  store = {
    topics: async () => [BUSY, OTHER].map((topicId) => ({ ...READY, topicId })) as never,
    packAgeMs: async () => ageMs,
    dropAgeMs: async () => {
      dropAges += 1;
      return dropAgeMs;
    },
    nextDrop: async () => {
      dropLooks += 1;
      return null;
    },
    drop: async () => false,
    dropRows: async () => ({ people: 0, rows: 0 }),
    nextRange: async (topicId) => {
      const [entries] = left.get(topicId) ?? [];
      return entries === undefined
        ? null
        : ({ topicId, from: 0, through: 256, logVersion: 0, packed: [], entries } as PackRange);
    },
    pack: async ({ topicId }, sequences) => {
      if (isShut) return false;
      packed.push([topicId, sequences]);
      left.get(topicId)?.shift();
      return true;
    },
    packRows: async (...times) => {
      rowsAsked.push(times);
      const rows = rowsLeft.shift();
      return rows === undefined ? { people: 0, rows: 0 } : { people: 2, rows };
    },
  };
});

const all = (more: Partial<PackOptions> = {}) =>
  clock.drive(
    packOlder(
      { store, clock, hotMs: HOT_MS },
      { pauseMs: 0, mostMs: 60_000, signal: new AbortController().signal, ...more },
    ),
  );

describe("packing", () => {
  it("takes each topic up to the first range with a message that is not old enough", async () => {
    left.set(BUSY, [
      [entryOf(1, 2 * HOT_MS)],
      [entryOf(257, 2 * HOT_MS), entryOf(258, HOT_MS - 1)],
      [entryOf(513, 9 * HOT_MS)],
    ]);
    left.set(OTHER, [[entryOf(1, HOT_MS + 1)]]);
    expect(await all()).toEqual({ messages: 2, rows: 0 });
    expect(packed).toEqual([
      [BUSY, [1]],
      [OTHER, [1]],
    ]);
  });

  it("skips a topic with a fault, reports it, and packs the others", async () => {
    const { nextRange } = store;
    const fault = new Error("a fault of ours");
    store = { ...store, nextRange: (topicId) => (topicId === BUSY ? Promise.reject(fault) : nextRange(topicId)) };
    left.set(OTHER, [[entryOf(1, HOT_MS + 1)]]);
    const faults: unknown[] = [];
    expect(await all({ onFault: (...told) => void faults.push(told) })).toEqual({ messages: 1, rows: 0 });
    expect(faults).toEqual([[BUSY, fault]]);
    await expect(all()).rejects.toThrow("a fault of ours");
  });

  it("is not held up by a message that is not verified, whose time may be anything", async () => {
    const failed = entryOf(2, -DAY_MS, { verification: "failed", disposition: "failed" });
    const unverifiable = entryOf(3, -DAY_MS, { verification: "unverifiable", reason: "no-payer" });
    left.set(BUSY, [[entryOf(1, 2 * HOT_MS), failed, unverifiable]]);
    await all();
    expect(packed).toEqual([[BUSY, [1]]]);
  });

  it("leaves a topic that others change to the next run", async () => {
    isShut = true;
    left.set(BUSY, [[entryOf(1, 2 * HOT_MS)]]);
    const leaves: string[] = [];
    expect(await all({ onLeft: (...told) => void leaves.push(told.join(" ")) })).toEqual({ messages: 0, rows: 0 });
    expect(leaves).toEqual([`${BUSY} changing`]);
    isShut = false;
    expect(await all()).toEqual({ messages: 1, rows: 0 });
  });

  it("says that other work on a topic comes first, and packs the others", async () => {
    store = {
      ...store,
      topics: async () =>
        [
          { ...READY, isDropping: true, topicId: BUSY },
          { ...READY, topicId: OTHER },
        ] as never,
    };
    left.set(OTHER, [[entryOf(1, HOT_MS + 1)]]);
    const leaves: unknown[] = [];
    expect(await all({ onLeft: (...told) => void leaves.push(told) })).toEqual({ messages: 1, rows: 0 });
    expect(leaves).toEqual([[BUSY, "dropping"]]);
  });

  it("ends between two ranges: after its time, and when it is told to", async () => {
    const ranges = () => Array.from({ length: 9 }, () => [entryOf(1, 2 * HOT_MS)]);
    left.set(BUSY, ranges());
    rowsLeft = [400, 0, 800, 400, 400];
    expect(await all({ pauseMs: 100, mostMs: 250 })).toEqual({ messages: 3, rows: 1_200 });
    const ending = new AbortController();
    ending.abort();
    expect(await all({ signal: ending.signal })).toEqual({ messages: 0, rows: 0 });
  });

  it("rests for longer after a step that took long", async () => {
    const { nextRange } = store;
    const beganMs: number[] = [];
    const steps = [5, 30, 10];
    store.nextRange = async (topicId) => {
      beganMs.push(clock.now());
      await clock.sleep(steps.shift() ?? 0);
      return nextRange(topicId);
    };
    left.set(
      BUSY,
      [1, 257, 513].map((sequence) => [entryOf(sequence, 2 * HOT_MS)]),
    );
    await all({ pauseMs: 20, restTimes: 3 });
    const [first = 0] = beganMs;
    expect(beganMs.slice(0, 4).map((ms) => ms - first)).toEqual([0, 25, 145, 185]);
  });

  it("takes the rows of people until nobody is left, and tells of each step", async () => {
    rowsLeft = [400, 0, 800];
    const told: number[] = [];
    expect(await all({ onRowsPacked: (rows) => void told.push(rows) })).toEqual({ messages: 0, rows: 1_200 });
    expect(told).toEqual([400, 0, 800]);
    const nowMs = clock.now();
    expect(rowsAsked).toEqual(Array(4).fill([fromMs(nowMs - HOT_MS), fromMs(nowMs)]));
  });

  it("waits for both kinds before it reports a failure", async () => {
    left.set(BUSY, [[entryOf(1, 2 * HOT_MS)], [entryOf(257, 2 * HOT_MS)]]);
    store = { ...store, packRows: () => Promise.reject(new TierUnavailable("postgres", "down")) };
    await expect(all()).rejects.toThrow("down");
    expect(packed).toHaveLength(2);
  });

  it.each([
    ["a verified signal", {}, true],
    ["a message that is longer than a transaction", { message: new Uint8Array(4_097).fill(32) }, false],
    ["one that failed", { verification: "failed", disposition: "failed" }, false],
    ["one that cannot be verified", { verification: "unverifiable" }, false],
    ["one that cannot be decoded", { disposition: "undecodable" }, false],
    ["one that nobody may write", { disposition: "untrusted" }, false],
    ["one whose signature is not judged", { disposition: "unproven" }, false],
    [
      "a definition, whose payer the catalogue asks for",
      { message: new TextEncoder().encode('{"type":"RECOGNITION_DEFINITION","from":"tm-a","id":"d","name":"n"}') },
      false,
    ],
  ] as const)("knows %s", (_, more, expected) => {
    expect(packable([entryOf(1, 0, more as Partial<LogEntry>)])).toHaveLength(expected ? 1 : 0);
  });

  describe("knows the parts of a split message", () => {
    const partOf = (number: number, more: Partial<LogEntry> = {}) =>
      entryOf(number * 10, 0, { disposition: "part", chunk: { key: "k", number, total: 3 }, ...more });
    const lastOf = (body: string, more: Partial<LogEntry> = {}) =>
      partOf(3, { disposition: "signal", body: new TextEncoder().encode(body), ...more });
    const single = () => entryOf(25, 0);
    const told = (entries: readonly LogEntry[]) => packable(entries).map(({ sequence }) => sequence);

    it("that is whole, in whatever order they came", () => {
      expect(told([partOf(1), partOf(2), single(), lastOf("{}")])).toEqual([10, 20, 25, 30]);
      const completing = entryOf(40, 0, { body: new Uint8Array(1), chunk: { key: "k", number: 1, total: 3 } });
      expect(told([partOf(2), partOf(3), completing])).toEqual([20, 30, 40]);
    });

    it.each([
      ["lacks a part here", () => [partOf(2), single(), lastOf("{}")]],
      ["is not whole yet", () => [partOf(1), partOf(2), single(), partOf(3)]],
      [
        "has a part that is not verified",
        () => [partOf(1), partOf(2, { verification: "unverifiable" }), single(), lastOf("{}")],
      ],
      ["has a part that failed", () => [partOf(1), partOf(2, { disposition: "failed" }), single(), lastOf("{}")]],
      ["has a long part", () => [partOf(1, { message: new Uint8Array(4_097) }), partOf(2), single(), lastOf("{}")]],
      ["cannot be decoded", () => [partOf(1), partOf(2), single(), lastOf("no", { disposition: "undecodable" })]],
      [
        "is a definition",
        () => [
          partOf(1),
          partOf(2),
          single(),
          lastOf('{"type":"RECOGNITION_DEFINITION","from":"tm-a","id":"d","name":"n"}'),
        ],
      ],
      ["says a number twice", () => [partOf(1), partOf(1), single(), lastOf("{}")]],
    ])("but leaves those of one that %s", (_, entries) => {
      expect(told(entries())).toEqual([25]);
    });

    it("and leaves a part that repeats another", () => {
      const repeat = partOf(2, { chunk: { key: "", number: 2, total: 3 } });
      expect(told([partOf(1), partOf(2), lastOf("{}"), repeat])).toEqual([10, 20, 30]);
    });
  });
});

describe("packing in the background", () => {
  const instance = (hot: PackSchedulerDeps["hot"], keepMonths = 0, log = quietLog) =>
    new PackScheduler({ store, clock, hot, hotMs: HOT_MS, keepMonths, log });
  const noticed = async (...instances: readonly PackScheduler[]) => {
    for (const each of instances) each.notice();
    await clock.advance(1_000);
  };

  it("waits for a day after the upgrade, because the version before cannot read what is packed", async () => {
    ageMs = DAY_MS - 1;
    left.set(BUSY, [[entryOf(1, 2 * HOT_MS)]]);
    const packing = instance(new MemoryHotCache(clock));
    await noticed(packing);
    expect(packed).toEqual([]);
    ageMs = DAY_MS;
    await clock.advance(600_000);
    await noticed(packing);
    expect(packed).toHaveLength(1);
    await packing.close();
  });

  it("is done by one of several instances every ten minutes, and by each while Redis is down", async () => {
    const hot = new MemoryHotCache(clock);
    let looks = 0;
    store = {
      ...store,
      topics: async () => {
        looks += 1;
        return [];
      },
    };
    const [a, b] = [instance(hot), instance(hot)];
    for (let minute = 0; minute < 30; minute += 1) {
      await noticed(a, b);
      await clock.advance(59_000);
    }
    expect(looks).toBe(3);
    const down = { passGate: () => Promise.reject(new TierUnavailable("redis", "down")) };
    const [c, d] = [instance(down), instance(down)];
    await noticed(c, d);
    expect(looks).toBe(5);
    await Promise.all([a, b, c, d].map((each) => each.close()));
  });

  it("drops old messages too, with KEEP_MONTHS, and not within a day of the upgrade", async () => {
    const run = async (keepMonths: number) => {
      const packing = instance(new MemoryHotCache(clock), keepMonths);
      await noticed(packing);
      await packing.close();
      return dropLooks;
    };
    expect(await run(0)).toBe(0);
    expect(dropAges).toBe(0);
    dropAgeMs = DAY_MS - 1;
    expect(await run(1)).toBe(0);
    dropAgeMs = DAY_MS;
    expect(await run(1)).toBe(2);
  });

  it("rests less after a run that left something behind, and as long as before once all is packed", async () => {
    const { nextRange } = store;
    store = {
      ...store,
      nextRange: async (topicId) => {
        await clock.sleep(1_000);
        return nextRange(topicId);
      },
    };
    left.set(
      BUSY,
      Array.from({ length: 700 }, () => [entryOf(1, 2 * HOT_MS)]),
    );
    const packing = instance(new MemoryHotCache(clock));
    const packedInPeriod = async () => {
      const before = packed.length;
      packing.notice();
      await clock.advance(600_000);
      return packed.length - before;
    };
    // Each range takes a second. A run has nine minutes, and rests for nine, three and one times as long.
    expect(await packedInPeriod()).toBe(54);
    expect(await packedInPeriod()).toBe(135);
    expect(await packedInPeriod()).toBe(270);
    expect(await packedInPeriod()).toBe(241);
    left.set(
      BUSY,
      Array.from({ length: 60 }, () => [entryOf(1, 2 * HOT_MS)]),
    );
    expect(await packedInPeriod()).toBe(54);
    await packing.close();
  });

  it("drops nothing after packing has taken all of its time", async () => {
    const { topics } = store;
    let isFirst = true;
    store = {
      ...store,
      topics: async () => {
        if (isFirst) await clock.sleep(3_600_000);
        isFirst = false;
        return topics();
      },
    };
    await clock.drive(instance(new MemoryHotCache(clock), 1).packForSeconds());
    expect([dropAges, dropLooks]).toEqual([1, 0]);
  });

  it("counts what it packs and drops, step by step, and its faults", async () => {
    left.set(BUSY, [[entryOf(1, 2 * HOT_MS), entryOf(2, 2 * HOT_MS)], [entryOf(257, 2 * HOT_MS)]]);
    rowsLeft = [400, 12];
    const ranges = [{ messages: 9 }, { messages: 9 }] as DropRange[];
    const fault = () => Promise.reject(new Error("a fault of ours"));
    Object.assign(store, { nextDrop: async () => ranges.pop() ?? null, drop: async () => true, dropRows: fault });
    const packing = instance(new MemoryHotCache(clock), 1);
    await noticed(packing);
    const packed = { messages: 3, rows: 412 };
    expect(packing.counts).toEqual({ packed, dropped: { messages: 18, rows: 0 }, faults: { pack: 0, drop: 1 } });
    let sweeps = 1;
    Object.assign(store, { nextRange: fault, dropRows: async () => ({ people: sweeps, rows: sweeps-- * 7 }) });
    await clock.advance(600_000);
    await noticed(packing);
    expect(packing.counts).toEqual({ packed, dropped: { messages: 18, rows: 7 }, faults: { pack: 2, drop: 1 } });
    await packing.close();
  });

  it("goes on after a failure of the database, and logs any other", async () => {
    const errors: string[] = [];
    const faults: number[] = [];
    const log = { ...quietLog, error: (message: string) => void errors.push(message) };
    for (const cause of [new TierUnavailable("postgres", "down"), new Error("a fault of ours")]) {
      store = { ...store, topics: () => Promise.reject(cause) };
      const packing = instance(new MemoryHotCache(clock), 0, log);
      await noticed(packing);
      await packing.close();
      faults.push(packing.counts.faults.pack);
    }
    expect(faults).toEqual([0, 1]);
    expect(errors).toEqual(["older messages could not be packed or dropped; trying again later"]);
  });
});
