/** What instances agree on, over a real Redis behind Upstash's protocol. */
import { describe, expect, it } from "vitest";
import type { Commands } from "@/lib/adapters/upstash/client";
import { UpstashHotCache } from "@/lib/adapters/upstash/hot-cache";
import { Keys } from "@/lib/adapters/upstash/keys";
import type { TopicId, UserId } from "@/lib/core/ids";
import { DrivenClock } from "../support/driven-clock";
import { newNetwork, upstashFixture } from "../support/upstash-fixture";
import { age, withClock } from "../support/upstash-time";
import { hotCacheContract } from "./hot-cache.contract";

const fixture = upstashFixture();
const USER = "tm-ada" as UserId;
const TOPIC = "0.0.1" as TopicId;

const hotOf = (network: string, commands: Commands = fixture.client()) =>
  new UpstashHotCache({ commands, keys: new Keys(network) });

describe("in the contract", () => {
  hotCacheContract(async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await age(fixture.redis, network, ms);
    };
    return { hot: hotOf(network, withClock(fixture.client(), clock)), pass };
  });
});

describe("of several instances", () => {
  it("keeps one budget for all, on Redis' own clock", async () => {
    const network = newNetwork();
    const hots = [hotOf(network), hotOf(network), hotOf(network)];
    // A token in 100 s: however slow this machine is, none comes back meanwhile.
    const policy = { perSecond: 0.01, burst: 4, maxWaitMs: 200_000 };
    const waits = await Promise.all(
      Array.from({ length: 9 }, (_, i) => (hots[i % 3] as UpstashHotCache).reserve("m", policy)),
    );
    const sorted = waits.map((ms) => ms ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
    expect(sorted.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(sorted[4]).toBeGreaterThan(60_000);
    expect(sorted[4]).toBeLessThanOrEqual(100_000);
    expect(sorted[5]).toBeGreaterThan(160_000);
    expect(sorted.slice(6)).toEqual(Array(3).fill(Number.POSITIVE_INFINITY));
  });

  it("gives one of them the topic, tells all the same time, and tells them of the last event", async () => {
    const network = newNetwork();
    const sequences: number[] = [];
    const options = { keys: new Keys(network), onSequence: (sequence: number) => sequences.push(sequence) };
    const [a, b] = [0, 1].map(() => new UpstashHotCache({ commands: fixture.client(), ...options })) as [
      UpstashHotCache,
      UpstashHotCache,
    ];
    // Of different lengths: neither a double nor the alphabet alone would tell which is later.
    const times = [999_999_999_999_999_999n, 1_790_000_000_000_000_000n, 1_790_000_000_000_000_001n];
    expect((await a.round([{ topicId: TOPIC, syncedThroughNs: times[0] as bigint }], 60_000, 0)).topics).toMatchObject([
      { isOurs: true },
    ]);
    expect((await b.round([{ topicId: TOPIC, syncedThroughNs: times[1] as bigint }], 60_000, 0)).topics).toMatchObject([
      { isOurs: false },
    ]);
    await fixture.redis.send([["SET", new Keys(network).sequence, "41"]]);
    expect((await a.round([{ topicId: TOPIC, syncedThroughNs: times[2] as bigint }], 60_000, 0)).topics).toEqual([
      { topicId: TOPIC, syncedThroughNs: times[2], isOurs: false },
    ]);
    expect((await b.round([{ topicId: TOPIC, syncedThroughNs: times[1] as bigint }], 60_000, 0)).topics).toEqual([
      { topicId: TOPIC, syncedThroughNs: times[2], isOurs: false },
    ]);
    expect(sequences).toEqual([0, 0, 41, 41]);
  });

  it("never takes back an answer that was given, for who gave up too late", async () => {
    const [slow, fast] = [hotOf("attempts"), hotOf("attempts")];
    const key = newNetwork();
    await slow.attempt(key, 60_000);
    await fast.finish(key, "r", 60_000);
    await slow.abandon(key);
    expect(await slow.attempt(key, 60_000)).toEqual({ kind: "done", answer: "r" });
  });
});

describe("a nonce", () => {
  it("is exact up to the largest whole number, and nothing else is one", async () => {
    const hot = hotOf(newNetwork());
    const max = Number.MAX_SAFE_INTEGER;
    expect(await hot.claimNonce(USER, max - 1)).toBe(true);
    expect(await hot.claimNonce(USER, max - 1)).toBe(false);
    expect(await hot.claimNonce(USER, max)).toBe(true);
    expect(await hot.claimNonce(USER, 9)).toBe(false);
    for (const nonce of [-1, 0.5, 2 ** 53, Number.NaN]) await expect(hot.claimNonce(USER, nonce)).rejects.toThrow();
  });

  it("is remembered for a day, and everything else has an end as well", async () => {
    const network = newNetwork();
    const hot = hotOf(network);
    await hot.claimNonce(USER, 1);
    await hot.passGate("g", 60_000);
    await hot.round([{ topicId: TOPIC, syncedThroughNs: 1n }], 60_000, 0);
    await hot.reserve("m", { perSecond: 1, burst: 1, maxWaitMs: 0 });
    await hot.attempt("k", 60_000);
    await hot.finish("l", "answer", 60_000);
    const [keys] = await fixture.redis.send([["KEYS", `tm:${network}:*`]]);
    expect(keys).toHaveLength(7);
    for (const key of keys as readonly Buffer[]) {
      const [left] = await fixture.redis.send([["PTTL", key]]);
      expect(left, String(key)).toBeGreaterThan(0);
      if (String(key).endsWith(":nonce")) expect(left).toBeGreaterThan(23 * 3_600_000);
    }
  });
});

describe("commands", () => {
  it("are one for each method, for however many topics", async () => {
    const hot = hotOf(newNetwork());
    const topics = Array.from({ length: 40 }, (_, i) => ({
      topicId: `0.0.${i}` as TopicId,
      syncedThroughNs: BigInt(i),
    }));
    const methods: readonly (() => Promise<unknown>)[] = [
      () => hot.passGate("a", 1_000),
      () => hot.round(topics, 1_000, 7),
      () => hot.round(topics, 1_000, 7),
      () => hot.reserve("m", { perSecond: 1, burst: 1, maxWaitMs: 0 }),
      () => hot.reserve("m", { perSecond: 1, burst: 1, maxWaitMs: 0 }),
      () => hot.claimNonce(USER, 1),
      () => hot.attempt("k", 1_000),
      () => hot.finish("k", "answer", 1_000),
      () => hot.abandon("k"),
    ];
    fixture.upstash.counters.reset();
    for (const [index, method] of methods.entries()) {
      await method();
      expect(fixture.upstash.counters.read().total).toBe(index + 1);
    }
    expect(fixture.upstash.counters.read()).toMatchObject({ total: 9, requests: 9 });
  });
});
