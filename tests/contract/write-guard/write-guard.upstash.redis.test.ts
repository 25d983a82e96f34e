/** The write guard over a real Redis behind Upstash's protocol. */
import { describe, expect, it } from "vitest";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { History } from "@/lib/adapters/redis/history";
import { RedisHotCache } from "@/lib/adapters/redis/hot-cache";
import { RedisWriteGuard } from "@/lib/adapters/redis/write-guard";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { claimNonce, endOf, messageOf } from "../../support/contract/write-claims";
import { DrivenClock } from "../../support/control/driven-clock";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { age, withClock } from "../../support/stand-ins/upstash-time";
import { writeGuardContract } from "./write-guard.contract";

const fixture = upstashFixture();
const USER = "tm-ada" as UserId;
const MAX = Number.MAX_SAFE_INTEGER;

writeGuardContract(async () => {
  const network = newNetwork();
  const clock = new DrivenClock();
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await age(fixture.redis, network, ms);
  };
  return { guard: new RedisWriteGuard(withClock(fixture.client(), clock), new Keys(network)), pass };
});

const NETWORK_MARK = { sequence: 7, mark: "m" };
const guardOf = (network: string, history = new History()) =>
  new RedisWriteGuard(fixture.client(), new Keys(network), history);

describe("the guard of several instances", () => {
  it("is shared, costs one command each time, and forgets after a day", async () => {
    const network = newNetwork();
    const keys = new Keys(network);
    const [a, b] = [guardOf(network), guardOf(network)];
    const topicId = "0.0.1" as TopicId;
    const request = {
      limit: { bucket: "limit", policy: { perSecond: 1, burst: 9, maxWaitMs: 0 } },
      attempt: { key: "k", digest: "d", ttlMs: 60_000 },
    };
    const message = messageOf(1, { kind: "trust" });
    fixture.upstash.counters.reset();
    expect((await a.begin(USER, request, message)).kind).toBe("begun");
    await a.end(
      USER,
      { key: "k", digest: "d", answer: "answer", ttlMs: 86_400_000 },
      endOf(message, { sequence: MAX }),
    );
    expect(fixture.upstash.counters.read().total).toBe(2);
    const way = { topicId: "0.0.2" as TopicId, registryVersion: 2, userVersion: 0 };
    expect(await b.begin(USER, null, messageOf(2, { kind: "trust", route: way }))).toEqual({
      ...{ kind: "elsewhere", last: { topicId, sequence: MAX }, isBusy: false },
    });
    expect(await b.begin(USER, request, null)).toEqual({ kind: "done", answer: "answer" });
    expect(fixture.upstash.counters.read().total).toBe(4);
    const kept = [keys.lastWrite(USER, "trust"), keys.nonce(USER), keys.nonceDigest(USER), keys.attempt("k", USER)];
    for (const key of kept) {
      const [left] = await fixture.redis.send([["PTTL", key]]);
      expect(left, key).toBeGreaterThan(23 * 3_600_000);
      expect(left, key).toBeLessThanOrEqual(24 * 3_600_000);
    }
  });

  it("notices with a claim that Redis has lost events, so that somebody starts over and the memory can age", async () => {
    const history = new History();
    let wentBack = 0;
    history.onWentBack = () => {
      wentBack += 1;
    };
    const guard = guardOf(newNetwork(), history);
    await guard.begin(USER, null, messageOf(1));
    expect(wentBack).toBe(0);
    history.learn(NETWORK_MARK);
    await guard.begin(USER, { limit: null, attempt: { key: "k", digest: "d", ttlMs: 1_000 } }, null);
    expect(wentBack).toBe(0);
    await guard.begin(USER, null, messageOf(2));
    expect(wentBack).toBe(1);
  });

  it("forgets the time of a batch that can no longer arrive, as a version without batches expects", async () => {
    const network = newNetwork();
    const digest = async () => String((await fixture.redis.send([["GET", new Keys(network).nonceDigest(USER)]]))[0]);
    const nowS = Math.floor(Date.now() / 1_000);
    await guardOf(network).begin(USER, null, messageOf(1, { batchedUntilS: nowS - 200, digest: "a" }));
    expect(await digest()).toBe(`a@${nowS - 200}`);
    await guardOf(network).begin(USER, null, messageOf(2, { digest: "b" }));
    expect(await digest()).toBe("b");
  });

  it("keeps nothing for good, also of a write that nobody ends", async () => {
    const network = newNetwork();
    const guard = guardOf(network);
    const limit = { bucket: "limit", policy: { perSecond: 1, burst: 9, maxWaitMs: 0 } };
    await guard.begin(USER, { limit, attempt: { key: "k", digest: "d", ttlMs: 60_000 } }, messageOf(1));
    const [keys] = await fixture.redis.send([["KEYS", `tm:${network}:*`]]);
    expect(keys).toHaveLength(7);
    for (const key of keys as readonly Buffer[]) {
      const [left] = await fixture.redis.send([["PTTL", key]]);
      expect(left, String(key)).toBeGreaterThan(0);
    }
  });

  it("counts a user's tokens in the bucket that the hot cache takes them from", async () => {
    const network = newNetwork();
    const hot = new RedisHotCache({ commands: fixture.client(), keys: new Keys(network) });
    const limit = { bucket: "limit", policy: { perSecond: 0.01, burst: 2, maxWaitMs: 0 } };
    expect(await hot.reserve("limit", limit.policy, USER)).toBe(0);
    expect((await guardOf(network).begin(USER, { limit, attempt: null }, null)).kind).toBe("begun");
    expect(await hot.reserve("limit", limit.policy, USER)).toBeNull();
  });
});

describe("the memory of nonces", () => {
  it("starts again if Redis has lost its data, or was found to have gone back", async () => {
    const network = newNetwork();
    const memory = async (guard: RedisWriteGuard, nonce: number) => (await claimNonce(guard, USER, nonce)).memoryMs;
    const guard = guardOf(network);
    await memory(guard, 1);
    await fixture.redis.send([["HSET", new Keys(network).everybody.history, "since", "1000"]]);
    expect(await memory(guard, 2)).toBeGreaterThan(365 * 86_400_000);
    // An instance that knows of an event which this Redis does not.
    const history = new History();
    history.learn(NETWORK_MARK);
    expect(await memory(guardOf(network, history), 3)).toBeLessThan(60_000);
    await fixture.redis.send([["DEL", new Keys(network).everybody.history]]);
    expect(await memory(guard, 4)).toBeLessThan(60_000);
  });

  it("includes entries of the version before: a nonce without its message or its claim, and an attempt without its request", async () => {
    const network = newNetwork();
    const keys = new Keys(network);
    const guard = guardOf(network);
    await fixture.redis.send([["SET", keys.nonce(USER), "5"]]);
    for (const [nonce, kind] of [
      [5, "used"],
      [4, "older"],
      [6, "next"],
    ] as const)
      expect((await claimNonce(guard, USER, nonce)).kind).toBe(kind);
    await fixture.redis.send([
      ["SET", keys.attempt("a", USER), "r"],
      ["SET", keys.attempt("b", USER), 'd{"ok":true}'],
    ]);
    const begin = (key: string) =>
      guard.begin(USER, { limit: null, attempt: { key, digest: "d", ttlMs: 1_000 } }, null);
    expect(await begin("a")).toEqual({ kind: "running" });
    expect(await begin("b")).toEqual({ kind: "done", answer: '{"ok":true}' });
  });

  it("gives back no nonce that an instance of the version before has taken since", async () => {
    const network = newNetwork();
    const keys = new Keys(network);
    const guard = guardOf(network);
    const message = messageOf(6);
    await guard.begin(USER, null, message);
    await fixture.redis.send([
      ["SET", keys.nonce(USER), "7"],
      ["SET", keys.nonceDigest(USER), "e"],
    ]);
    await guard.end(USER, null, endOf(message, { isUnsent: true }));
    expect((await claimNonce(guard, USER, 7, "e")).kind).toBe("same");
  });
});

describe("a nonce", () => {
  it("is exact up to the largest whole number, and no number beyond it is one", async () => {
    const guard = guardOf(newNetwork());
    const claim = async (nonce: number) => (await claimNonce(guard, USER, nonce)).kind;
    expect(await claim(MAX - 1)).toBe("unknown");
    expect(await claim(MAX - 1)).toBe("same");
    expect(await claim(MAX)).toBe("next");
    expect(await claim(9)).toBe("older");
    for (const nonce of [-1, -0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(claim(nonce)).rejects.toThrow();
  });
});
