/** The write fence over a real Redis behind Upstash's protocol. */
import { describe, expect, it } from "vitest";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { RedisWriteFence } from "@/lib/adapters/redis/write-fence";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { DrivenClock } from "../../support/control/driven-clock";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { age, withClock } from "../../support/stand-ins/upstash-time";
import { writeFenceContract } from "./write-fence.contract";

const fixture = upstashFixture();

writeFenceContract(async () => {
  const network = newNetwork();
  const clock = new DrivenClock();
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await age(fixture.redis, network, ms);
  };
  return { fence: new RedisWriteFence(withClock(fixture.client(), clock), new Keys(network)), pass };
});

describe("the fence of several instances", () => {
  it("is shared, costs one command each time, and expires after a day", async () => {
    const keys = new Keys(newNetwork());
    const [a, b] = [0, 1].map(() => new RedisWriteFence(fixture.client(), keys)) as [RedisWriteFence, RedisWriteFence];
    const [user, topicId] = ["tm-ada" as UserId, "0.0.1" as TopicId];
    fixture.upstash.counters.reset();
    await a.enter(user, "trust", { topicId, registryVersion: 1, userVersion: 0 });
    await a.leave(user, "trust", topicId, 2 ** 53 - 1);
    const entry = await b.enter(user, "trust", { topicId: "0.0.2" as TopicId, registryVersion: 2, userVersion: 0 });
    expect(entry).toEqual({ kind: "elsewhere", last: { topicId, sequence: 2 ** 53 - 1 }, isBusy: false });
    expect(fixture.upstash.counters.read().total).toBe(3);
    const [left] = await fixture.redis.send([["PTTL", keys.lastWrite(user, "trust")]]);
    expect(left).toBeGreaterThan(23 * 3_600_000);
    expect(left).toBeLessThanOrEqual(24 * 3_600_000);
  });
});
