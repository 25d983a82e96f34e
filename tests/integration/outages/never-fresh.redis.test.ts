/**
 * Two instances over two mirrors, a Redis and a database that may each go back or fail in any order (tests/support/worlds/wayward-world).
 * Whenever an answer says that it is fresh, it holds everything that the honest ledger had at the time that the answer names.
 *
 * A protection that is switched off should be found by the random runs, or by one of the fixed orders before them.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIES, type Lie } from "../../support/mirrors/wayward-mirror";
import { upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { type Index, WaywardWorld } from "../../support/worlds/wayward-world";

const fixture = upstashFixture();

interface Place {
  readonly instance: Index;
  readonly mirror: Index;
  readonly lie: Lie;
}

type Action = (world: WaywardWorld, place: Place) => unknown;

const ACTIONS = {
  write: (world) => world.write(),
  "write after a head": (world) => world.writeAfter("head"),
  "write after a page": (world) => world.writeAfter("page"),
  read: (world, { instance }) => world.read(instance),
  sync: (world, { instance }) => world.sync(instance),
  rush: (world) => world.rush(),
  "sync unread": (world, { instance }) => world.syncUnread(instance),
  "sync at once": (world, { instance }) => world.syncAtOnce(instance),
  "sync unread without Redis": (world, { instance }) => world.withoutRedis("error", () => world.syncUnread(instance)),
  "read the other": (world, { instance }) => world.read(instance === 0 ? 1 : 0),
  "sync without Redis": (world, { instance }) => world.withoutRedis("error", () => world.sync(instance)),
  "sync while Redis loses answers": (world, { instance }) =>
    world.withoutRedis("lostAnswer", () => world.sync(instance)),
  "hold a read": (world, { instance }) => world.holdRead(instance),
  "lose events": (world) => world.loseEvents(true),
  "hear events": (world) => world.loseEvents(false),
  "lose a commit": (world, { instance }) => world.loseCommit(instance),
  age: (world) => world.age(),
  wait: (world) => world.wait(),
  save: (world) => world.save(),
  "redis back": (world) => world.back("redis"),
  "database back": (world) => world.back("database"),
  "redis gone": (world) => world.emptyRedis(),
  restart: (world, { instance }) => world.start(instance),
  freeze: (world, { mirror }) => world.mirrors[mirror].freeze(),
  "mirror back": (world, { mirror }) => world.mirrors[mirror].goBack(10_000),
  follow: (world, { mirror }) => world.mirrors[mirror].follow(),
  refuse: (world, { mirror, instance }) => world.mirrors[mirror].refused.add(String(instance)),
  heal: (world, { mirror }) => world.mirrors[mirror].heal(),
  lie: (world, { mirror, lie }) => world.mirrors[mirror].lieOnce(lie),
  "clock an hour behind": (world, { instance }) => world.setClock(instance, -3_600_000),
  "clock ahead": (world, { instance }) => world.setClock(instance, 3_000),
  "clock right": (world, { instance }) => world.setClock(instance, 0),
} satisfies Record<string, Action>;

type Name = keyof typeof ACTIONS;
type Move = Place & { readonly moves: readonly Name[] };

const SINGLE: readonly Name[] = ["read", "rush", "age", "wait", "save", "restart", "redis gone"];
const MIRRORS: readonly Name[] = ["freeze", "mirror back", "follow", "refuse", "heal"];
const CLOCKS: readonly Name[] = ["clock an hour behind", "clock ahead", "clock right"];
/** Orders that are dangerous, and that chance alone would rarely come to. */
const COMPOUND: readonly (readonly Name[])[] = [
  ["database back", "sync"],
  ["database back", "redis gone", "sync"],
  ["database back", "age", "sync"],
  ["database back", "redis back", "age", "sync"],
  ["database back", "restart", "sync"],
  ["redis back", "age", "sync"],
  ["redis back", "restart", "sync"],
  ["write", "sync", "redis back", "age", "sync"],
  ["save", "write", "sync"],
  ["write", "sync without Redis", "age", "sync"],
  ["write", "sync without Redis", "restart", "wait", "sync"],
  ["write", "sync while Redis loses answers", "age", "sync"],
  ["write", "lose a commit", "sync", "age", "sync"],
  ["write", "lose a commit", "sync", "restart", "age", "sync"],
  ["write", "sync unread", "database back", "read the other", "age", "sync unread", "read"],
  ["database back", "sync without Redis", "rush"],
  ["write after a head", "sync"],
  ["write after a page", "sync"],
  ["write", "rush"],
  ["write", "sync", "hold a read", "age", "write", "rush"],
  ["write", "sync", "redis gone", "age", "hold a read", "write", "rush"],
  ["sync", "lose events", "write", "sync", "hear events"],
  ["write", "sync unread without Redis", "read"],
  ["read the other", "write", "sync at once", "database back", "read the other", "read"],
];

const place = {
  instance: fc.nat({ max: 1 }) as fc.Arbitrary<Index>,
  mirror: fc.nat({ max: 1 }) as fc.Arbitrary<Index>,
  lie: fc.constantFrom(...LIES),
};
const oneOf = (...moves: readonly (readonly Name[])[]): fc.Arbitrary<Move> =>
  fc.record({ moves: fc.constantFrom(...moves), ...place });
const move = fc.oneof(
  { weight: 4, arbitrary: oneOf(["write"], ["write", "sync"], ["sync"]) },
  { weight: 2, arbitrary: oneOf(...SINGLE.map((name) => [name])) },
  { weight: 3, arbitrary: oneOf(...COMPOUND) },
  { weight: 1, arbitrary: oneOf(...MIRRORS.map((name) => [name])) },
  { weight: 1, arbitrary: oneOf(["write", "lie", "sync"], ["write", "write", "lie", "sync"], ["lie"]) },
  { weight: 1, arbitrary: oneOf(...CLOCKS.map((name) => [name])) },
);

const at = (instance: Index, ...moves: readonly Name[]): Move => ({ moves, instance, mirror: 0, lie: "error" });

/** A process that knows nothing of the last commit meets a Redis that does not either. */
const NEWCOMER = [
  at(0, "write", "sync", "read", "save", "write", "sync", "redis back"),
  at(1, "restart", "sync", "read"),
];
/** The database loses a commit, and no cache is left that could know of it but the process's own. */
const LOST_COMMIT = [at(0, "sync", "save", "write", "sync", "database back", "redis gone", "sync", "read")];
/** Redis has a view of before a commit again, the process's own view has grown old, and a sync says that all is fresh. */
const LOST_EVENT = [at(0, "write", "sync", "read", "save", "write", "sync", "redis back", "age", "sync")];
/** A process whose clock is an hour behind learns a word of another process that is a minute old. */
const OLD_WORD = [
  at(0, "write", "sync"),
  at(1, "clock an hour behind", "restart", ...Array<Name>(4).fill("wait"), "read", "read"),
];
/** The one mirror alters a message that the other does not have yet. */
const ALTERED: readonly Move[] = [
  { ...at(0, "sync", "freeze"), mirror: 1 },
  { ...at(0, "write", "lie", "sync"), lie: "altered" },
];
/** A read has loaded its view, and then a sync commits and vouches for more, before the read is answered. */
const HELD: readonly Move[] = [at(0, "write", "sync", "redis gone", "age", "hold a read", "write", "rush")];
/** A process that knows nothing of a commit loads a view for all out of a database that has lost it. */
const OLD_VIEW_FOR_ALL = [
  at(0, "write", "sync", "save"),
  at(1, "wait", "read"),
  at(0, "write", "sync at once", "database back", "read the other", "read"),
];
/** Redis is told nothing of a commit, and is asked for the view right after it. */
const UNTOLD = [at(0, "write", "sync", "write", "sync unread without Redis", "read")];
/** A process has a young view, hears of no event, and learns how far another one has come. */
const UNHEARD = [at(0, "write", "sync", "lose events", "write", "sync", "hear events")];

const run = (moves: readonly Move[]): Promise<number> =>
  WaywardWorld.run(fixture, async (world) => {
    await world.save();
    for (const { moves: names, ...place } of moves) for (const name of names) await ACTIONS[name](world, place);
  });

describe("whatever goes back, lags, lies once or is split", () => {
  it("a process that starts after Redis has gone back waits until the views from before are gone", async () => {
    expect(await run(NEWCOMER)).toBeGreaterThan(4);
  });

  it("a process that knows of a commit calls no answer fresh from a database that has lost it", async () => {
    expect(await run(LOST_COMMIT)).toBeGreaterThan(2);
  });

  it("a process that knows of a commit calls no view fresh from a Redis that has lost it", async () => {
    expect(await run(LOST_EVENT)).toBeGreaterThan(4);
  });

  it("a message that one mirror alters and the other does not have yet is asked for again of the first", async () => {
    expect(await run(ALTERED)).toBeGreaterThan(4);
  });

  it("no view is loaded for others out of a database that lost a commit of which its reader has not heard", async () => {
    expect(await run(OLD_VIEW_FOR_ALL)).toBeGreaterThan(4);
  });

  it("a process that could not tell Redis of its commit takes no view from there", async () => {
    expect(await run(UNTOLD)).toBeGreaterThan(4);
  });

  it("a process that missed an event keeps no view from before it", async () => {
    expect(await run(UNHEARD)).toBeGreaterThan(4);
  });

  it("a view that was loaded before a sync is not called as fresh as after it", async () => {
    expect(await run(HELD)).toBeGreaterThan(4);
  });

  it("a process whose clock is behind does not call another process's old claim fresh", async () => {
    expect(await run(OLD_WORD)).toBeGreaterThan(3);
  });

  it(
    "an answer that says it is fresh holds everything that the ledger had at its time",
    async () => {
      let fresh = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(move, { minLength: 4, maxLength: 12, size: "max" }), async (moves) => {
          fresh += await run(moves);
        }),
        { numRuns: Number(process.env.NEVER_FRESH_RUNS ?? 8), endOnFailure: process.env.NEVER_FRESH_SHRINK !== "on" },
      );
      // Two at the end of each run, and some on the way: else the test would show nothing.
      expect(fresh).toBeGreaterThan(20);
    },
    Number(process.env.NEVER_FRESH_TIMEOUT_MS ?? 300_000),
  );
});
