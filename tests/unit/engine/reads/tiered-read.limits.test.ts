/** Readers and tiers that are slow or down: who is served what, when, and what Cache-Status says of it. */
import { describe, expect, it } from "vitest";
import { MemoryViewCache } from "@/lib/adapters/memory/memory-view-cache";
import type { Awaitable } from "@/lib/core/awaitable";
import type { UserId } from "@/lib/core/ledger/ids";
import { L1Cache } from "@/lib/engine/reads/l1-cache";
import { TieredRead } from "@/lib/engine/reads/tiered-read";
import type { Load } from "@/lib/engine/reads/view-loader";
import type { ViewCache } from "@/lib/ports/shared/view-cache";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { cacheStatus } from "@/lib/server/http/answers/reply";
import { DrivenClock } from "../../../support/control/driven-clock";

const USER = "tm-a" as UserId;
const TTL_MS = 2_000;

function setUp({ isShared = true, wrap = (views: ViewCache): ViewCache => views } = {}) {
  const clock = new DrivenClock();
  const memory = new MemoryViewCache(clock, 3_600_000);
  const instance = () => {
    const l1 = new L1Cache({ maxBytes: 1_000_000, ttlMs: TTL_MS, now: () => clock.now() });
    const shared = isShared ? wrap(memory) : null;
    return { l1, reader: new TieredRead({ l1, shared, clock, staleMaxMs: 600_000 }) };
  };
  return { clock, memory, ...instance(), other: instance() };
}
const at = (position: number) => ({ position, content: {} });
const filled = async () => at(1);
const down: Load = () => Promise.reject(new TierUnavailable("postgres", "down"));

/** A load that ends when the test says so. */
function held() {
  const ends: ((value: Awaited<ReturnType<Load>>) => void)[] = [];
  const load: Load = () => new Promise((resolve) => ends.push(resolve));
  return { ends, load };
}

type Answer = Awaited<ReturnType<TieredRead["read"]>>;
const saw = (answer: Answer) =>
  answer.ok
    ? [answer.value.view.position, answer.value.isStaleCopy, cacheStatus(answer.value.tiers)]
    : [answer.error.code, answer.error.tier];

/** The state of a promise now. */
function watched<T>(promise: Awaitable<T>) {
  const state: { value: T | null } = { value: null };
  void Promise.resolve(promise).then((value) => {
    state.value = value;
  });
  return state;
}

describe("a reader who has a copy, while the database is slow", () => {
  it("is served it after half a second, marked; the load goes on, and fills", async () => {
    const { clock, memory, reader } = setUp();
    await reader.read(USER, "contacts", filled);
    await clock.advance(TTL_MS);
    await memory.expire([USER]);
    const { ends, load } = held();
    const reading = watched(reader.read(USER, "contacts", load));
    await clock.advance(499);
    expect(reading.value).toBeNull();
    await clock.advance(1);
    expect(reading.value && saw(reading.value)).toEqual([
      1,
      true,
      "postgres; detail=timeout, redis; fwd=miss, l1; fwd=stale; detail=postgres-timeout",
    ]);
    ends[0]?.(at(2));
    await clock.advance(0);
    expect(saw(await reader.read(USER, "contacts", down))).toEqual([2, false, "l1; hit; ttl=2"]);
  });

  it("does not begin another load while one is under way", async () => {
    const { clock, memory, reader } = setUp();
    await reader.read(USER, "contacts", filled);
    await clock.advance(TTL_MS);
    await memory.expire([USER]);
    const { ends, load } = held();
    const first = reader.read(USER, "contacts", load);
    await clock.advance(500);
    await first;
    const later = await Promise.all(Array.from({ length: 100 }, () => reader.read(USER, "contacts", load)));
    expect(ends).toHaveLength(1);
    expect(later.every((answer) => answer.ok && answer.value.isStaleCopy)).toBe(true);
  });

  it("is served it at once if it comes after that half second, also once others have given up", async () => {
    const { clock, memory, reader, other } = setUp();
    await reader.read(USER, "contacts", filled);
    await memory.expire([USER]);
    const load = held().load;
    for (const afterMs of [0, 600, 3_500]) {
      await clock.advance(afterMs);
      const late = watched(other.reader.read(USER, "contacts", load));
      await clock.advance(afterMs === 0 ? 500 : 0);
      expect(late.value && saw(late.value).slice(0, 2)).toEqual([1, true]);
    }
  });

  it("gets it from Redis if this process has none", async () => {
    const { clock, memory, reader, other } = setUp();
    await reader.read(USER, "contacts", filled);
    await memory.expire([USER]);
    const reading = watched(other.reader.read(USER, "contacts", held().load));
    await clock.advance(500);
    expect(reading.value && saw(reading.value)).toEqual([
      1,
      true,
      "postgres; detail=timeout, redis; fwd=stale; detail=postgres-timeout, l1; fwd=miss",
    ]);
  });

  it("gets it too if another instance asks the database", async () => {
    const { clock, memory, reader, other } = setUp();
    await reader.read(USER, "contacts", filled);
    await clock.advance(TTL_MS);
    await memory.expire([USER]);
    void reader.read(USER, "contacts", held().load);
    await clock.advance(0);
    const reading = watched(other.reader.read(USER, "contacts", down));
    await clock.advance(500);
    expect(reading.value && saw(reading.value)).toEqual([
      1,
      true,
      "postgres; detail=timeout, redis; fwd=stale; detail=postgres-timeout, l1; fwd=miss",
    ]);
  });

  it("waits if the copy may not be what was asked for", async () => {
    const { clock, memory, reader } = setUp();
    await reader.read(USER, "contacts", filled);
    await clock.advance(TTL_MS);
    await memory.expire([USER]);
    const reading = watched(reader.read(USER, "contacts", held().load, "current"));
    await clock.advance(3_999);
    expect(reading.value).toBeNull();
    await clock.advance(1);
    expect(reading.value && saw(reading.value)).toEqual(["unavailable", "postgres"]);
  });

  it("waits if the copy is too old", async () => {
    const { clock, memory, reader } = setUp();
    await reader.read(USER, "contacts", filled);
    await clock.advance(600_001);
    await memory.expire([USER]);
    const reading = watched(reader.read(USER, "contacts", held().load));
    await clock.advance(600);
    expect(reading.value).toBeNull();
  });
});

describe("a reader without a copy", () => {
  it("waits for a slow database", async () => {
    const { clock, reader } = setUp();
    const { ends, load } = held();
    const reading = watched(reader.read(USER, "contacts", load));
    await clock.advance(3_000);
    expect(reading.value).toBeNull();
    ends[0]?.(at(1));
    await clock.advance(0);
    expect(reading.value && saw(reading.value)).toEqual([
      1,
      false,
      "postgres; hit, redis; fwd=miss; stored, l1; fwd=miss; stored",
    ]);
  });

  it("gets an error after four seconds, even one who joined later, and the load still fills", async () => {
    const { clock, reader } = setUp();
    const { ends, load } = held();
    const first = watched(reader.read(USER, "contacts", load));
    await clock.advance(3_500);
    const second = watched(reader.read(USER, "contacts", load));
    await clock.advance(500);
    for (const { value } of [first, second]) expect(value && saw(value)).toEqual(["unavailable", "postgres"]);
    ends[0]?.(at(1));
    await clock.advance(0);
    expect(saw(await reader.read(USER, "contacts", down))).toEqual([1, false, "l1; hit; ttl=2"]);
  });

  it("is served at once when another tier turns out to have a copy after the half second", async () => {
    const late = (views: ViewCache, clock: () => DrivenClock): ViewCache => ({
      ...bound(views),
      lookup: async (...args) => {
        await clock().sleep(800);
        return views.lookup(...args);
      },
    });
    let clock: DrivenClock | null = null;
    const world = setUp({ wrap: (views) => late(views, () => clock as DrivenClock) });
    clock = world.clock;
    await clock.drive(world.reader.read(USER, "contacts", filled));
    await world.memory.expire([USER]);
    const reading = watched(world.other.reader.read(USER, "contacts", held().load));
    await clock.advance(799);
    expect(reading.value).toBeNull();
    await clock.advance(1);
    expect(reading.value && saw(reading.value).slice(0, 2)).toEqual([1, true]);
  });

  it("does not wait for another instance whose load has failed: the lease was given back", async () => {
    const { clock, reader, other } = setUp();
    expect(saw(await reader.read(USER, "contacts", down))).toEqual(["unavailable", "postgres"]);
    const startMs = clock.now();
    expect(saw(await other.reader.read(USER, "contacts", filled))).toEqual([
      1,
      false,
      "postgres; hit, redis; fwd=miss; stored, l1; fwd=miss; stored",
    ]);
    expect(clock.now()).toBe(startMs);
  });
});

it.each([
  ["is there", filled],
  ["fails", down],
])("a load leaves no timer behind if the view %s", async (_, load) => {
  const { clock, reader } = setUp({ isShared: false });
  await reader.read(USER, "contacts", load);
  expect(clock.waiting).toBe(0);
});

it("a load that fails after its readers left leaves no timer behind", async () => {
  const { clock, reader } = setUp({ isShared: false });
  let fail: (cause: Error) => void = () => {};
  const load: Load = () =>
    new Promise((_, reject) => {
      fail = reject;
    });
  void reader.read(USER, "contacts", load);
  await clock.advance(600);
  expect(clock.waiting).toBe(1);
  fail(new TierUnavailable("postgres", "down"));
  await clock.advance(0);
  expect(clock.waiting).toBe(0);
});

describe("while the database is down", () => {
  it("every tier that was asked is named, and the failed one with its reason", async () => {
    const { clock, memory, reader, other } = setUp();
    await reader.read(USER, "contacts", filled);
    await clock.advance(TTL_MS);
    await memory.expire([USER]);
    expect(saw(await reader.read(USER, "contacts", down))).toEqual([
      1,
      true,
      "postgres; detail=unavailable, redis; fwd=miss, l1; fwd=stale; detail=postgres-unavailable",
    ]);
    expect(saw(await other.reader.read(USER, "contacts", down))).toEqual([
      1,
      true,
      "postgres; detail=unavailable, redis; fwd=stale; detail=postgres-unavailable, l1; fwd=miss",
    ]);
  });

  it("and Redis too, the copy in this process is served", async () => {
    let isDown = false;
    const wrap = (views: ViewCache): ViewCache => ({
      ...bound(views),
      lookup: async (...args) => {
        if (isDown) throw new TierUnavailable("redis", "down");
        return views.lookup(...args);
      },
    });
    const { clock, reader } = setUp({ wrap });
    await reader.read(USER, "contacts", filled);
    await clock.advance(TTL_MS);
    isDown = true;
    expect(saw(await reader.read(USER, "contacts", down))).toEqual([
      1,
      true,
      "postgres; detail=unavailable, redis; fwd=miss; detail=unavailable, l1; fwd=stale; detail=postgres-unavailable",
    ]);
    expect(saw(await reader.read("tm-new" as UserId, "contacts", down))).toEqual(["unavailable", "postgres"]);
  });
});

/** The methods of a class instance as an object that can be spread. */
function bound(views: ViewCache): ViewCache {
  return {
    lookup: views.lookup.bind(views),
    fill: views.fill.bind(views),
    release: views.release.bind(views),
    held: views.held.bind(views),
    expire: views.expire.bind(views),
    expireAll: views.expireAll.bind(views),
  };
}
