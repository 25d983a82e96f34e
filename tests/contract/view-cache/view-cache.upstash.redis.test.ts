/** The shared views over a real Redis behind Upstash's protocol. */
import { describe, expect, it } from "vitest";
import type { Commands } from "@/lib/adapters/redis/client/client";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { RedisViewCache } from "@/lib/adapters/redis/view-cache";
import type { CacheStrategies } from "@/lib/core/cache-strategy";
import type { UserId } from "@/lib/core/ledger/ids";
import type { CachedView } from "@/lib/ports/shared/view-cache";
import { DrivenClock } from "../../support/control/driven-clock";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { age, withClock } from "../../support/stand-ins/upstash-time";
import { VIEW_TTL_MS, viewCacheContract } from "./view-cache.contract";

const fixture = upstashFixture();
const USER = "tm-ada" as UserId;
const TTL_MS = VIEW_TTL_MS;
const view = (position: number, body = `{"position":${position}}`): CachedView => ({
  body,
  etag: `"${position}-abc"`,
  position,
  readMs: 1_790_000_000_000,
});

function cacheOf(
  network: string,
  instanceId: string,
  commands: Commands = fixture.client(),
  strategies?: CacheStrategies,
): RedisViewCache {
  return new RedisViewCache({ commands, keys: new Keys(network), instanceId, ttlMs: TTL_MS, strategies });
}

async function leased(cache: RedisViewCache, userId = USER): Promise<string> {
  const found = await cache.lookup(userId, "contacts", 60_000);
  if (found.kind !== "lease") throw new Error(`expected a lease, got ${found.kind}`);
  return found.lease;
}

describe("in the contract", () => {
  viewCacheContract(async (strategies) => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const cache = cacheOf(network, "a", withClock(fixture.client(), clock), strategies);
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await age(fixture.redis, network, ms);
    };
    return { cache, pass };
  });
});

describe("reading one view", () => {
  it("renews all views of the user in the command that reads it", async () => {
    const network = newNetwork();
    const client = fixture.client();
    const cache = cacheOf(network, "a", withClock(client, new DrivenClock()));
    for (const name of ["contacts", "circle", "signals"] as const) {
      const found = await cache.lookup(USER, name, 60_000);
      if (found.kind === "lease") await cache.fill(USER, name, view(1), found.lease);
    }
    await age(fixture.redis, network, TTL_MS * 0.9);
    const sent = client.stats().byPurpose.lookup.commands;
    expect((await cache.lookup(USER, "contacts", 60_000)).kind).toBe("hit");
    expect(client.stats().byPurpose.lookup.commands).toBe(sent + 1);
    await age(fixture.redis, network, TTL_MS * 0.9);
    for (const name of ["circle", "signals"] as const)
      expect((await cache.lookup(USER, name, 60_000)).kind).toBe("hit");
  });
});

describe("the cache of several instances", () => {
  it("gives one lease among all of them, on Redis' own clock", async () => {
    const network = newNetwork();
    const caches = ["a", "b", "c"].map((instanceId) => cacheOf(network, instanceId));
    const found = await Promise.all(
      Array.from({ length: 30 }, (_, i) => (caches[i % 3] as RedisViewCache).lookup(USER, "contacts", 60_000)),
    );
    expect(found.filter(({ kind }) => kind === "lease")).toHaveLength(1);
  });

  it("passes a lease on when its time is over by Redis' clock", async () => {
    const cache = cacheOf(newNetwork(), "a");
    await cache.lookup(USER, "contacts", 1);
    await expect.poll(async () => (await cache.lookup(USER, "contacts", 60_000)).kind).toBe("lease");
    expect((await cache.lookup(USER, "contacts", 60_000)).kind).toBe("wait");
  });

  it("never lets a reader that is slow between lookup and fill bring the older view back, whoever commits", async () => {
    const network = newNetwork();
    const [slow, writer, third] = ["a", "b", "c"].map((id) => cacheOf(network, id)) as [
      RedisViewCache,
      RedisViewCache,
      RedisViewCache,
    ];
    const oldLease = await leased(slow);
    await writer.expire([USER]);
    const newLease = await leased(third);
    expect(await slow.fill(USER, "contacts", view(1), oldLease)).toBe(false);
    expect(await third.fill(USER, "contacts", view(2), newLease)).toBe(true);
    expect(await slow.fill(USER, "contacts", view(1), oldLease)).toBe(false);
    expect(await slow.lookup(USER, "contacts", 1_000)).toMatchObject({ kind: "hit", view: { position: 2 } });
  });

  it("never takes an old lease for a new one when everything was expired twice", async () => {
    const cache = cacheOf(newNetwork(), "a");
    const first = await leased(cache);
    await cache.expireAll();
    await leased(cache);
    await cache.expireAll();
    expect(await cache.fill(USER, "contacts", view(1), first)).toBe(false);
    expect((await cache.lookup(USER, "contacts", 1_000)).kind).toBe("lease");
  });
});

describe("a view", () => {
  it("arrives byte for byte, even if it is large or looks like a number", async () => {
    const cache = cacheOf(newNetwork(), "a");
    const bodies = ["42", "null", "OK", "", `{"text":"${"ä€😀\\n ".repeat(20_000)}"}`, "a\nb\n\nc"];
    for (const [index, body] of bodies.entries()) {
      const userId = `tm-${index}` as UserId;
      expect(await cache.fill(userId, "contacts", view(3, body), await leased(cache, userId))).toBe(true);
      const hit = await cache.lookup(userId, "contacts", 1_000);
      // Redis' clock goes on between the two commands.
      expect(hit).toEqual({ kind: "hit", view: view(3, body), ttlMs: expect.any(Number) });
      expect(hit.kind === "hit" && hit.ttlMs > 0 && hit.ttlMs <= TTL_MS).toBe(true);
    }
  });

  it("that is too large for a request is not kept, and costs nothing", async () => {
    const client = fixture.client();
    const cache = cacheOf(newNetwork(), "a", client);
    const lease = await leased(cache);
    expect(await cache.fill(USER, "contacts", view(1, "x".repeat(1_000_000)), lease)).toBe(false);
    expect(client.stats().byPurpose.fill.commands).toBe(0);
  });

  it("has the key that the plan gives it, and no user id reaches another user's key", async () => {
    const network = newNetwork();
    const cache = cacheOf(network, "a");
    const ids = ["0.0.7226146", "tm-a:contacts", "tm-{a}", "a/ü*", "a%3Ab"] as UserId[];
    for (const id of ids) await leased(cache, id);
    const [keys] = await fixture.redis.send([["KEYS", `tm:${network}:*`]]);
    expect((keys as readonly Buffer[]).map(String).sort()).toEqual(
      [
        `tm:${network}:0.0.7226146:contacts`,
        `tm:${network}:tm-a%3Acontacts:contacts`,
        `tm:${network}:tm-%7Ba%7D:contacts`,
        `tm:${network}:a%2F%C3%BC*:contacts`,
        `tm:${network}:a%253Ab:contacts`,
        `tm:${network}::generation`,
      ].sort(),
    );
  });

  it("expires by itself: no key is kept for ever", async () => {
    const network = newNetwork();
    const cache = cacheOf(network, "a");
    await cache.expireAll();
    await cache.fill(USER, "contacts", view(1), await leased(cache));
    for (const key of [new Keys(network).view(USER, "contacts"), new Keys(network).everybody.generation]) {
      const [left] = await fixture.redis.send([["PTTL", key]]);
      expect(left).toBeGreaterThan(0);
    }
  });
});

describe("commands", () => {
  it("cost one for each method, whatever it finds", async () => {
    const client = fixture.client();
    const cache = cacheOf(newNetwork(), "a", client);
    fixture.upstash.counters.reset();
    const lease = await leased(cache);
    expect(fixture.upstash.counters.read().total).toBe(1);
    await cache.lookup(USER, "contacts", 1_000);
    expect(fixture.upstash.counters.read().total).toBe(2);
    await cache.fill(USER, "contacts", view(1), lease);
    expect(fixture.upstash.counters.read().total).toBe(3);
    await cache.lookup(USER, "contacts", 1_000);
    expect(fixture.upstash.counters.read().total).toBe(4);
    await cache.expire(Array.from({ length: 500 }, (_, i) => `tm-${i}` as UserId));
    expect(fixture.upstash.counters.read().total).toBe(5);
    await cache.expireAll();
    expect(fixture.upstash.counters.read()).toMatchObject({ total: 6, requests: 6, byName: { EVAL: 6 } });
    await cache.expire([]);
    expect(fixture.upstash.counters.read().total).toBe(6);
    const { lookup, fill, expire } = client.stats().byPurpose;
    expect([lookup.commands, fill.commands, expire.commands]).toEqual([3, 1, 2]);
  });

  it("expire everything if they would have to name too many users", async () => {
    const cache = cacheOf(newNetwork(), "a");
    await cache.fill(USER, "contacts", view(1), await leased(cache));
    await cache.expire(Array.from({ length: 3_001 }, (_, i) => `tm-other-${i}` as UserId));
    expect(await cache.lookup(USER, "contacts", 1_000)).toMatchObject({ kind: "lease", last: { position: 1 } });
  });
});
