/** Scripts that promise Upstash to touch no keys but theirs, and a plain Redis behind its protocol, which does not know that. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { RedisClient } from "@/lib/adapters/redis/client/client";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { tierOver } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { Position, TopicId, UserId } from "@/lib/core/ledger/ids";
import { endOf, messageOf } from "../../support/contract/write-claims";
import { quietLog } from "../../support/quiet-log";
import { type RedisServer, startRedis } from "../../support/servers/redis/redis-server";
import { startUpstash, type UpstashStandIn } from "../../support/stand-ins/upstash";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";

const fixture = upstashFixture();
const [ADA, TOPIC] = ["tm-ada" as UserId, "0.0.1" as TopicId];

let plain: RedisServer;
let proxy: UpstashStandIn;
beforeAll(async () => {
  plain = await startRedis();
  proxy = await startUpstash({ redisPort: plain.port, isPlain: true });
});
afterEach(() => proxy.counters.reset());
afterAll(async () => {
  await proxy.stop();
  await plain.stop();
});

const clientOf = (server: UpstashStandIn) =>
  new RedisClient({ transport: new UpstashTransport(server), clock: systemClock, timeoutMs: 10_000 });

/** One call of every port that is asked by requests, syncs and commits. */
async function callAll(client: RedisClient): Promise<void> {
  const options = { network: newNetwork(), viewTtlMs: 60_000, clock: systemClock, log: quietLog };
  const { hot, views, guard, bus, reports, persistence } = tierOver(client, options);
  const policy = { perSecond: 1, burst: 5, maxWaitMs: 0 };
  const message = messageOf(1);
  await hot.ping();
  await hot.passGate("g", 1_000);
  await hot.round([{ topicId: TOPIC, watermark: 1n }], { periodMs: 1_000 }, 0);
  await hot.lease([{ topicId: TOPIC, isLive: true }], "o", 1_000);
  await hot.release([TOPIC], "o");
  await hot.reserve("m", policy, ADA);
  await hot.attempt("k", "d", 1_000);
  await hot.finish("k", "d", "answer", 1_000);
  await hot.abandon("k");
  await guard.begin(ADA, { limit: { bucket: "m", policy }, attempt: { key: "w", digest: "d", ttlMs: 1_000 } }, message);
  const ended = { key: "w", digest: "d", answer: "answer", ttlMs: 1_000 };
  await guard.end(ADA, ended, endOf(message, { isUnsent: true }));
  const looked = await views.lookup(ADA, "contacts", 1_000);
  if (looked.kind !== "lease") throw new Error("nobody else reads");
  const view = { body: "{}", etag: '"1"', position: 1, readMs: 1 };
  expect(await views.fill(ADA, "contacts", view, looked.lease)).toBe(true);
  expect((await views.lookup(ADA, "contacts", 1_000)).kind).toBe("hit");
  await views.release(ADA, "contacts", "none");
  await views.held(ADA);
  const users = [{ userId: ADA, head: 1 as Position, added: 1, peers: [] }];
  const commit = { type: "commit", topicId: TOPIC, cursor: { from: 0, to: 1 }, users, renamed: [] } as const;
  await bus.publish({ ...commit, definitionsChanged: false });
  expect((await views.lookup(ADA, "contacts", 1_000)).kind).toBe("lease");
  await bus.lastPublished(TOPIC);
  await views.expire([ADA]);
  await views.expireAll();
  await bus.publishMissed({ topicId: TOPIC, cursor: 5 });
  await bus.newEpoch(7);
  await reports.report({ instanceId: "a", report: "1", ttlMs: 1_000 }, "everybody");
  await reports.remove("a");
  await persistence();
  await bus.close();
}

describe("a script for Upstash", () => {
  it("keeps its promise to touch no keys but those that it names, whatever it does", async () => {
    await expect(callAll(clientOf(fixture.upstash))).resolves.toBeUndefined();
  });

  it("that broke its promise would be refused", async () => {
    const client = clientOf(fixture.upstash);
    await expect(client.eval("gate", "return redis.call('SET', 'other', '1')", ["mine"], [])).rejects.toThrow(
      /rejected/,
    );
    expect((await fixture.redis.send([["EXISTS", "other"]]))[0]).toBe(0);
  });
});

describe("a refusal that has nothing to do with the promise", () => {
  // The vendor's error quotes the whole command behind the server's answer.
  const script = "local time = redis.call('TIME') redis.call('INCR', KEYS[1]) return redis.call('LPUSH', KEYS[1], 'x')";
  const values = ["TIME", "script shebang", "unexpected symbol near '#'"];

  it("runs its script once, whatever stands in the script and its values", async () => {
    const key = new Keys(newNetwork()).gate("g");
    await expect(clientOf(fixture.upstash).eval("gate", script, [key], values)).rejects.toThrow(/rejected/);
    expect(String((await fixture.redis.send([["GET", key]]))[0])).toBe("1");
  });

  it("leaves the promise as it is", async () => {
    const client = clientOf(fixture.upstash);
    await fixture.upstash.faults.set({ kind: "error", status: 429 });
    await expect(client.eval("gate", script, ["mine"], values)).rejects.toThrow(/rejected/);
    await fixture.upstash.faults.clear();
    await expect(client.eval("gate", "return redis.call('GET', 'other')", ["mine"], [])).rejects.toThrow(/rejected/);
  });
});

describe("a server that refuses the clock under the promise", () => {
  it("runs everything once, without the promise from then on", async () => {
    const strict = await startUpstash({ redisPort: plain.port, checksKeys: true, refusesTime: true });
    try {
      const client = clientOf(strict);
      const script = "local time = redis.call('TIME') return redis.call('INCR', KEYS[1])";
      for (const count of [1, 2]) expect(await client.eval("gate", script, ["counted"], [])).toBe(count);
      expect(strict.counters.read().total).toBe(3);
      await callAll(client);
    } finally {
      await strict.stop();
    }
  });
});

describe("a plain Redis behind the same protocol", () => {
  it("refuses the promise once, and runs everything without it from then on", async () => {
    const client = clientOf(proxy);
    expect(await client.eval("gate", "return redis.call('INCR', KEYS[1])", ["runs"], [])).toBe(1);
    expect(proxy.counters.read().total).toBe(2);
    expect(await client.eval("gate", "return redis.call('INCR', KEYS[1])", ["runs"], [])).toBe(2);
    expect(proxy.counters.read().total).toBe(3);
    await callAll(client);
  });

  it("is promised nothing by scripts that tell others something or ask for more than keys", async () => {
    const client = clientOf(proxy);
    for (const script of ["return redis.call('PUBLISH', ARGV[1], '')", "return redis.call('INFO', 'server')"])
      await client.eval("gate", script, [], ["channel"]);
    expect(proxy.counters.read().total).toBe(2);
  });

  it("is not asked again after another refusal", async () => {
    const client = clientOf(proxy);
    const keys = new Keys(newNetwork());
    await client.eval("gate", "return redis.call('SET', KEYS[1], 'x')", [keys.gate("g")], []);
    proxy.counters.reset();
    const wrong = client.eval(
      "gate",
      "redis.call('INCR', KEYS[2]) return redis.call('LPUSH', KEYS[1], 'x')",
      [keys.gate("g"), "n"],
      [],
    );
    await expect(wrong).rejects.toThrow(/rejected/);
    expect(proxy.counters.read().total).toBe(1);
  });
});
