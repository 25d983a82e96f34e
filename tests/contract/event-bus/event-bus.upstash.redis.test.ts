/** Commit events between instances, over a real Redis behind Upstash's protocol. */
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { openRedis, type RedisTier } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { UserId } from "@/lib/core/ledger/ids";
import type { Clock } from "@/lib/ports/clock";
import type { CachedView } from "@/lib/ports/shared/view-cache";
import { DrivenClock } from "../../support/control/driven-clock";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { commitOf, eventBusContract, OTHER_EVENTS, Recorder, TOPIC } from "./event-bus.contract";

const fixture = upstashFixture();
const ADA = "tm-ada" as UserId;
const VIEW: CachedView = { body: "{}", etag: '"1-a"', position: 1, readMs: 1 };
const log = { info: () => {}, warn: () => {}, error: () => {} };
const opened: RedisTier[] = [];

function tierOf(network: string, clock: Clock = systemClock): RedisTier {
  const transport = new UpstashTransport(fixture.upstash);
  const timeouts = { readTimeoutMs: 10_000, timeoutMs: 10_000 };
  const tier = openRedis({ transport, network, viewTtlMs: 60_000, clock, log, ...timeouts });
  opened.push(tier);
  return tier;
}

/** An instance that listens, and has got over its start. */
async function listening(network: string, clock?: Clock) {
  const tier = tierOf(network, clock);
  const heard = new Recorder();
  tier.bus.subscribe(heard);
  await until(() => heard.missed === 1);
  heard.missed = 0;
  return { tier, heard };
}

const until = (condition: () => boolean | Promise<boolean>) => expect.poll(condition).toBe(true);

const cutSubscriptions = () => fixture.redis.send([["CLIENT", "KILL", "TYPE", "pubsub"]]);

async function keep(tier: RedisTier, userId: UserId): Promise<void> {
  const found = await tier.views.lookup(userId, "contacts", 60_000);
  if (found.kind !== "lease") throw new Error(`expected a lease, got ${found.kind}`);
  expect(await tier.views.fill(userId, "contacts", VIEW, found.lease)).toBe(true);
}

const kindOf = async (tier: RedisTier, userId: UserId) => (await tier.views.lookup(userId, "contacts", 60_000)).kind;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((tier) => tier.close()));
});

describe("in the contract", () => {
  eventBusContract(async () => ({ bus: tierOf(newNetwork()).bus, isShared: true }));
});

describe("instances", () => {
  it("get each other's events of every type unchanged, and miss none", async () => {
    const network = newNetwork();
    const [a, b] = [await listening(network), await listening(network)];
    const events = [...OTHER_EVENTS, commitOf(1, []), commitOf(null, ["tm-eve"]), commitOf(null, [])];
    for (const event of events) await a.tier.bus.publish(event);
    await until(() => b.heard.events.length === events.length);
    for (const { events: heard, missed } of [a.heard, b.heard]) expect([heard, missed]).toEqual([events, 0]);
  });

  it("keep their shared views through a sign-out, a paused topic and a changed registry", async () => {
    const network = newNetwork();
    const [a, b] = [tierOf(network), tierOf(network)];
    await keep(b, ADA);
    for (const event of OTHER_EVENTS) if (event.type !== "views-invalidated") await a.bus.publish(event);
    expect(await kindOf(b, ADA)).toBe("hit");
    fixture.upstash.counters.reset();
    await a.bus.publish({ type: "views-invalidated", userIds: [ADA] });
    expect(fixture.upstash.counters.read()).toMatchObject({ total: 1, requests: 1 });
    expect(await kindOf(b, ADA)).toBe("lease");
  });

  it("learn a changed registry in their next round too, whatever epoch its publisher knows", async () => {
    const network = newNetwork();
    const [publisher, other] = [tierOf(network), tierOf(network)];
    // The publisher is a command that has never heard of this epoch.
    await other.bus.newEpoch(3);
    await publisher.bus.publish({ type: "registry-changed", version: 12 });
    await publisher.bus.publish({ type: "registry-changed", version: 11 });
    expect((await other.hot.round([], { periodMs: 1_000 }, 4)).registryVersion).toBe(12);
  });

  it("get each other's commits unchanged, and their own once", async () => {
    const network = newNetwork();
    const [a, b] = [await listening(network), await listening(network)];
    const event = {
      ...commitOf(12, ["tm-ada", "0.0.5", "tm-🌱", 'tm-"q",x']),
      renamed: [{ userId: "tm-eve" as UserId, peers: ["tm-ada", "tm-🌱"] as UserId[] }],
      definitionsChanged: true,
    };
    await a.tier.bus.publish(event);
    await until(() => b.heard.events.length === 1);
    await b.tier.bus.publish(commitOf(13));
    await until(() => a.heard.events.length === 2 && b.heard.events.length === 2);
    expect(b.heard.events[0]).toEqual(event);
    expect([a.heard.cursors, b.heard.cursors]).toEqual([
      [12, 13],
      [12, 13],
    ]);
    expect([a.heard.missed, b.heard.missed]).toEqual([0, 0]);
  });

  it("get one publisher's commits in its order, though it does not wait for one to end", async () => {
    const network = newNetwork();
    const [a, b] = [tierOf(network), await listening(network)];
    const cursors = Array.from({ length: 20 }, (_, i) => i + 1);
    await fixture.upstash.faults.set({ kind: "slow", ms: 20, probability: 0.5 });
    await Promise.all(cursors.map((cursor) => a.bus.publish(commitOf(cursor))));
    await until(() => b.heard.events.length === 20);
    expect(b.heard.cursors).toEqual(cursors);
    expect(b.heard.missed).toBe(0);
  });

  it("of different networks do not get each other's events", async () => {
    const [a, b] = [await listening(newNetwork()), await listening(newNetwork())];
    await a.tier.bus.publish(commitOf(1));
    await b.tier.bus.publish(commitOf(2));
    expect([a.heard.cursors, b.heard.cursors]).toEqual([[1], [2]]);
  });
});

describe("a publication", () => {
  it("expires the views of the users that it names, and no others, in its one command", async () => {
    const network = newNetwork();
    const [a, b] = [tierOf(network), tierOf(network)];
    for (const userId of ["tm-ada", "tm-bob", "tm-eve"] as UserId[]) await keep(b, userId);
    const lease = await b.views.lookup("tm-ada" as UserId, "signals", 60_000);
    fixture.upstash.counters.reset();
    await a.bus.publish({ ...commitOf(5, ["tm-ada"]), renamed: [{ userId: "tm-eve" as UserId, peers: [ADA] }] });
    expect(fixture.upstash.counters.read()).toMatchObject({ total: 1, requests: 1, byName: { EVAL: 1 } });
    expect(await kindOf(b, ADA)).toBe("lease");
    expect(await kindOf(b, "tm-eve" as UserId)).toBe("lease");
    // Bob is named in Ada's event, but none of his rows changed.
    expect(await kindOf(b, "tm-bob" as UserId)).toBe("hit");
    const token = lease.kind === "lease" ? lease.lease : "";
    expect(await b.views.fill(ADA, "signals", VIEW, token)).toBe(false);
  });

  it("of missed events expires everything for everybody, in one command", async () => {
    const network = newNetwork();
    const [a, b] = [await listening(network), await listening(network)];
    await keep(a.tier, ADA);
    fixture.upstash.counters.reset();
    await a.tier.bus.publishMissed({ topicId: TOPIC, cursor: 5 });
    expect(fixture.upstash.counters.read()).toMatchObject({ total: 1, byName: { EVAL: 1 } });
    await until(() => b.heard.missed === 1);
    expect(await kindOf(b.tier, ADA)).toBe("lease");
  });

  it("costs one command, and so does reading the last one", async () => {
    const tier = tierOf(newNetwork());
    fixture.upstash.counters.reset();
    await tier.bus.publish(commitOf(3, []));
    expect(fixture.upstash.counters.read().total).toBe(1);
    await tier.bus.lastPublished(TOPIC);
    expect(fixture.upstash.counters.read().total).toBe(2);
  });

  it("that is too large to name all users says that everything changed, and expires everything", async () => {
    const network = newNetwork();
    const [a, b] = [await listening(network), await listening(network)];
    await keep(a.tier, ADA);
    const many = Array.from({ length: 3_001 }, (_, i) => `tm-user-${i}`);
    await a.tier.bus.publish(commitOf(77, many));
    await until(() => b.heard.missed === 1);
    expect(b.heard.events).toEqual([]);
    expect(a.heard.cursors).toEqual([77]);
    expect(a.heard.missed).toBe(0);
    expect(await kindOf(a.tier, ADA)).toBe("lease");
    expect(await b.tier.bus.lastPublished(TOPIC)).toBe(77);
  });

  it("just below that size names all users, within the limit of a request", async () => {
    const network = newNetwork();
    const [a, b] = [tierOf(network), await listening(network)];
    const named = Array.from({ length: 3_000 }, (_, i) => `tm-user-${i}`);
    await a.bus.publish(commitOf(78, named));
    await until(() => b.heard.events.length === 1);
    expect(b.heard.events).toEqual([commitOf(78, named)]);
    expect(a.stats().byPurpose.publish.sentBytes).toBeLessThan(900_000);
  });

  it("that fails reaches the local listeners, and rejects", async () => {
    const { tier, heard } = await listening(newNetwork());
    await fixture.upstash.faults.set({ kind: "down" });
    const failure = await tier.bus.publish(commitOf(1, ["tm-secret"])).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "TierUnavailable", tier: "redis" });
    expect(String(failure)).not.toContain("tm-secret");
    expect(heard.cursors).toEqual([1]);
    await fixture.upstash.faults.clear();
    expect(await tier.bus.lastPublished(TOPIC)).toBe(0);
    await tier.bus.publish(commitOf(2));
    expect(await tier.bus.lastPublished(TOPIC)).toBe(2);
  });

  it("whose answer was lost is sent again, and arrives once", async () => {
    const network = newNetwork();
    const [a, b] = [await listening(network), await listening(network)];
    await fixture.upstash.faults.set({ kind: "lostAnswer" });
    await expect(a.tier.bus.publish(commitOf(1))).rejects.toMatchObject({ name: "TierUnavailable", tier: "redis" });
    await fixture.upstash.faults.clear();
    expect(a.tier.stats().byPurpose.publish.commands).toBe(2);
    await a.tier.bus.publish(commitOf(2));
    await until(() => b.heard.events.length === 2);
    expect([b.heard.cursors, b.heard.missed, a.heard.cursors]).toEqual([[1, 2], 0, [1, 2]]);
  });

  it("that Redis makes after its publisher has moved on counts as missed, because it is out of date", async () => {
    const network = newNetwork();
    const { heard } = await listening(network);
    const say = (text: string) => fixture.redis.send([["PUBLISH", new Keys(network).channel, text]]);
    await say('1 somebody 5 [1,"0.0.101",9,[],[],0]');
    await say('2 somebody 4 [1,"0.0.101",8,[],[],0]');
    await say('3 somebody 6 [1,"0.0.101",10,[],[],0]');
    await until(() => heard.events.length === 2);
    expect([heard.cursors, heard.missed]).toEqual([[9, 10], 1]);
  });

  it("under way keeps this process from reading the older view", async () => {
    const tier = tierOf(newNetwork());
    await keep(tier, ADA);
    await fixture.upstash.faults.set({ kind: "slow", ms: 100 });
    const published = tier.bus.publish(commitOf(1));
    expect(await kindOf(tier, ADA)).toBe("lease");
    await published;
  });

  it("that takes too long sends readers on to the database", async () => {
    const tier = tierOf(newNetwork());
    await keep(tier, ADA);
    await fixture.upstash.faults.set({ kind: "slow", ms: 700 });
    const published = tier.bus.publish(commitOf(1));
    await expect(kindOf(tier, ADA)).rejects.toThrow("a commit is still being published");
    await fixture.upstash.faults.clear();
    expect(await kindOf(tier, "tm-bob" as UserId)).toBe("lease");
    await published;
    expect(await kindOf(tier, ADA)).toBe("lease");
  });
});

describe("a subscription", () => {
  it("that is cut reconnects, and reports missed events only if there were any", async () => {
    const network = newNetwork();
    const [a, b] = [tierOf(network), await listening(network)];
    await fixture.upstash.faults.set({ kind: "down" });
    // An event that somebody else published meanwhile moves the number on.
    await fixture.redis.send([["INCR", new Keys(network).everybody.sequence]]);
    await fixture.upstash.faults.clear();
    await until(() => b.heard.missed === 1);
    await a.bus.publish(commitOf(2));
    await until(() => b.heard.events.length === 1);
    expect([b.heard.cursors, b.heard.missed]).toEqual([[2], 1]);
  });

  it("that is cut while nothing happens reconnects and reports nothing", async () => {
    const network = newNetwork();
    const [a, b] = [tierOf(network), await listening(network)];
    await a.bus.publish(commitOf(1));
    await until(() => b.heard.events.length === 1);
    const asked = () => b.tier.stats().byPurpose.cursor.commands;
    const before = asked();
    await cutSubscriptions();
    await until(() => b.tier.stats().bus.connections === 2 && asked() === before + 1);
    await a.bus.publish(commitOf(2));
    await until(() => b.heard.events.length === 2);
    expect(b.heard.missed).toBe(0);
  });

  it("notices by the numbers that an event is missing", async () => {
    const network = newNetwork();
    const [a, b] = [tierOf(network), await listening(network)];
    await a.bus.publish(commitOf(1));
    await until(() => b.heard.events.length === 1);
    await fixture.redis.send([["INCR", new Keys(network).everybody.sequence]]);
    await a.bus.publish(commitOf(3));
    await until(() => b.heard.events.length === 2);
    expect([b.heard.cursors, b.heard.missed]).toEqual([[1, 3], 1]);
  });

  it("that died silently is found by a round of demand, at no further command", async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const { tier, heard } = await listening(network, clock);
    await tier.bus.publish(commitOf(1));
    // A dead connection looks like this: the number has moved on, and no event has come.
    await fixture.redis.send([["INCRBY", new Keys(network).everybody.sequence, "5"]]);
    let isOver = false;
    const round = tier.hot.round([{ topicId: TOPIC, watermark: 0n }], { periodMs: 1_000 }, 0).then(() => {
      isOver = true;
    });
    // Views are dropped before the round ends; the connection has a little longer.
    await until(async () => {
      await clock.advance(100);
      return isOver;
    });
    await round;
    expect(heard.missed).toBe(1);
    expect(tier.stats().bus).toMatchObject({ isConnected: true, connections: 1 });
    const afterASecond = () => clock.advance(1_000).then(() => tier.stats().bus);
    await expect.poll(afterASecond).toMatchObject({ isConnected: true, connections: 2 });
  });

  it("survives the loss of all data in Redis", async () => {
    const network = newNetwork();
    const [a, b] = [tierOf(network), await listening(network)];
    for (const cursor of [1, 2, 3]) await a.bus.publish(commitOf(cursor));
    await until(() => b.heard.events.length === 3);
    await fixture.restartRedis();
    await until(() => b.heard.missed === 1);
    await a.bus.publish(commitOf(4));
    await a.bus.publish(commitOf(5));
    await until(() => b.heard.events.length === 5);
    expect(b.heard.missed).toBe(1);
  });

  it("counts an unknown message as a missed event: another release may have sent it", async () => {
    const network = newNetwork();
    const { heard } = await listening(network);
    const channel = new Keys(network).channel;
    await fixture.redis.send([["PUBLISH", channel, "1 somebody 1 [99,{}]"]]);
    await until(() => heard.missed === 1);
    await fixture.redis.send([["PUBLISH", channel, "nonsense"]]);
    await fixture.redis.send([["PUBLISH", channel, "2 somebody 2 {"]]);
    await until(() => heard.missed === 2);
    expect(heard.events).toEqual([]);
  });

  it("ends with close(), and costs nothing while nothing happens", async () => {
    const network = newNetwork();
    fixture.upstash.counters.reset();
    const { tier } = await listening(network);
    expect(fixture.upstash.counters.read().byName).toEqual({ SUBSCRIBE: 1, EVAL: 1 });
    const subscribers = async () => {
      const [answer] = await fixture.redis.send([["PUBSUB", "NUMSUB", new Keys(network).channel]]);
      return Number((answer as readonly unknown[])[1]);
    };
    expect(await subscribers()).toBe(1);
    await tier.close();
    expect(tier.stats().bus.isConnected).toBe(false);
    await expect.poll(subscribers).toBe(0);
    expect(fixture.upstash.counters.read().total).toBe(2);
  });
});
