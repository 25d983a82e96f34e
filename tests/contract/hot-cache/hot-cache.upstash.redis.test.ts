/** The hot cache that instances share, over a real Redis behind Upstash's protocol. */
import { describe, expect, it } from "vitest";
import type { Commands } from "@/lib/adapters/redis/client/client";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { History } from "@/lib/adapters/redis/history";
import { RedisHotCache } from "@/lib/adapters/redis/hot-cache";
import type { TopicId } from "@/lib/core/ledger/ids";
import { DrivenClock } from "../../support/control/driven-clock";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { age, withClock } from "../../support/stand-ins/upstash-time";
import { hotCacheContract } from "./hot-cache.contract";

const fixture = upstashFixture();
const TOPIC = "0.0.1" as TopicId;
const A_WHILE = expect.toSatisfy((ms: unknown) => typeof ms === "number" && ms > 0);

const hotOf = (network: string, commands: Commands = fixture.client(), history = new History()) =>
  new RedisHotCache({ commands, keys: new Keys(network), history });

describe("in the contract", () => {
  hotCacheContract(async () => {
    const network = newNetwork();
    const clock = new DrivenClock();
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await age(fixture.redis, network, ms);
    };
    return { hot: hotOf(network, withClock(fixture.client(), clock)), pass, nowMs: () => clock.now() };
  });
});

describe("several instances", () => {
  it("share one budget, on Redis' own clock", async () => {
    const network = newNetwork();
    const hots = [hotOf(network), hotOf(network), hotOf(network)];
    // A token in 100 s: however slow this machine is, none comes back meanwhile.
    const policy = { perSecond: 0.01, burst: 4, maxWaitMs: 200_000 };
    const waits = await Promise.all(
      Array.from({ length: 9 }, (_, i) => (hots[i % 3] as RedisHotCache).reserve("m", policy)),
    );
    const sorted = waits.map((ms) => ms ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
    expect(sorted.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(sorted[4]).toBeGreaterThan(60_000);
    expect(sorted[4]).toBeLessThanOrEqual(100_000);
    expect(sorted[5]).toBeGreaterThan(160_000);
    expect(sorted.slice(6)).toEqual(Array(3).fill(Number.POSITIVE_INFINITY));
  });

  it("take a topic one at a time, and learn the same watermark and the last event", async () => {
    const network = newNetwork();
    const sequences: number[] = [];
    const options = { keys: new Keys(network), onSequence: (sequence: number) => void sequences.push(sequence) };
    const [a, b] = [0, 1].map(() => new RedisHotCache({ commands: fixture.client(), ...options })) as [
      RedisHotCache,
      RedisHotCache,
    ];
    // Texts of different lengths: neither a double nor alphabetical order alone tells which is later.
    const times = [999_999_999_999_999_999n, 1_690_000_000_000_000_000n, 1_690_000_000_000_000_001n];
    expect(
      (await a.round([{ topicId: TOPIC, watermark: times[0] as bigint }], { periodMs: 60_000 }, 0)).topics,
    ).toMatchObject([{ waitMs: 0 }]);
    expect(
      (await b.round([{ topicId: TOPIC, watermark: times[1] as bigint }], { periodMs: 60_000 }, 0)).topics,
    ).toMatchObject([{ waitMs: A_WHILE }]);
    await fixture.redis.send([["SET", new Keys(network).everybody.sequence, "41"]]);
    expect(
      (await a.round([{ topicId: TOPIC, watermark: times[2] as bigint }], { periodMs: 60_000 }, 0)).topics,
    ).toEqual([{ topicId: TOPIC, watermark: times[2], waitMs: A_WHILE }]);
    expect(
      (await b.round([{ topicId: TOPIC, watermark: times[1] as bigint }], { periodMs: 60_000 }, 0)).topics,
    ).toEqual([{ topicId: TOPIC, watermark: times[2], waitMs: A_WHILE }]);
    expect(sequences).toEqual([0, 0, 41, 41]);
  });

  it("keep an answer even if a caller abandons too late", async () => {
    const [slow, fast] = [hotOf("attempts"), hotOf("attempts")];
    const key = newNetwork();
    await slow.attempt(key, "d", 60_000);
    await fast.finish(key, "d", "r", 60_000);
    await slow.abandon(key);
    expect(await slow.attempt(key, "d", 60_000)).toEqual({ kind: "done", answer: "r" });
  });
});

describe("a sync gate", () => {
  it("is open if it is shut for longer than a period: the clock of Redis has gone back", async () => {
    const network = newNetwork();
    const hot = hotOf(network);
    const waitMs = async () =>
      (await hot.round([{ topicId: TOPIC, watermark: 0n }], { periodMs: 60_000 }, 0)).topics[0];
    expect(await waitMs()).toMatchObject({ waitMs: 0 });
    expect(await waitMs()).toMatchObject({ waitMs: A_WHILE });
    const gate = new Keys(network).syncGate(TOPIC);
    await fixture.redis.send([
      ["SET", gate, String(Number((await hot.round([], { periodMs: 1 }, 0)).nowMs) + 120_000)],
    ]);
    await fixture.redis.send([["PEXPIRE", gate, "180000"]]);
    expect(await waitMs()).toMatchObject({ waitMs: 0 });
    expect(await waitMs()).toMatchObject({ waitMs: A_WHILE });
  });
});

describe("an attempt", () => {
  it("of the version before, which stored no request, is read", async () => {
    const network = newNetwork();
    const keys = new Keys(network);
    const hot = hotOf(network);
    await fixture.redis.send([
      ["SET", keys.attempt("a"), "r"],
      ["SET", keys.attempt("b"), 'd{"ok":true}'],
    ]);
    expect(await hot.attempt("a", "d", 1_000)).toEqual({ kind: "running" });
    expect(await hot.attempt("b", "d", 1_000)).toEqual({ kind: "done", answer: '{"ok":true}' });
  });
});

describe("a key", () => {
  it("expires", async () => {
    const network = newNetwork();
    const hot = hotOf(network);
    await hot.ping();
    await hot.passGate("g", 60_000);
    await hot.round([{ topicId: TOPIC, watermark: 1n }], { periodMs: 60_000 }, 0);
    await hot.reserve("m", { perSecond: 1, burst: 1, maxWaitMs: 0 });
    await hot.attempt("k", "d", 60_000);
    await hot.finish("l", "d", "answer", 60_000);
    const [keys] = await fixture.redis.send([["KEYS", `tm:${network}:*`]]);
    expect(keys).toHaveLength(6);
    for (const key of keys as readonly Buffer[]) {
      const [left] = await fixture.redis.send([["PTTL", key]]);
      expect(left, String(key)).toBeGreaterThan(0);
    }
  });
});

describe("commands", () => {
  it("cost one for each method, for any number of topics", async () => {
    const hot = hotOf(newNetwork());
    const topics = Array.from({ length: 40 }, (_, i) => ({
      topicId: `0.0.${i}` as TopicId,
      watermark: BigInt(i),
    }));
    const methods: readonly (() => Promise<unknown>)[] = [
      () => hot.ping(),
      () => hot.passGate("a", 1_000),
      () => hot.round(topics, { periodMs: 1_000 }, 7),
      () => hot.round(topics, { periodMs: 1_000 }, 7),
      () => hot.reserve("m", { perSecond: 1, burst: 1, maxWaitMs: 0 }),
      () => hot.reserve("m", { perSecond: 1, burst: 1, maxWaitMs: 0 }),
      () => hot.attempt("k", "d", 1_000),
      () => hot.finish("k", "d", "answer", 1_000),
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
