/** Topics that come and go while the app runs, and who writes where. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { newShard, type Shard, type ShardGroup, type TenantId } from "@/lib/core/shards/shards";
import type { RegistryAnswer } from "@/lib/wire/ledger";
import type { SignalsAnswer } from "@/lib/wire/signals";
import type { SubmitAnswer } from "@/lib/wire/submit";
import { DevnetSubmitter } from "../../support/mirrors/devnet-submitter";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { busy, ofTenant, standard } from "../../support/worlds/shards/registries";

/** In the second of two segments, so that growing from one to two moves her. */
const MOVER = "0.0.7226146";
/** In the first of two segments. */
const STAYER = "tm-alice";
let t: TestApp;
let submitter: DevnetSubmitter;
let nonce: number;

beforeEach(async () => {
  nonce = 1_000;
  t = await startTestApp({
    submitter: (devnet) => {
      submitter = new DevnetSubmitter(devnet);
      return submitter;
    },
  });
  await t.sync();
});
afterEach(() => t.close());

const nowNs = () => fromMs(t.clock.now());
/** Changes the registry as another process would: behind the app's back. */
async function put(...shards: readonly Shard[]): Promise<void> {
  const { registry } = t.app.stores;
  expect(await registry.change(await registry.version(), shards)).not.toBeNull();
}
const shardOf = (group: ShardGroup, segment: number, state: Shard["state"], more: Partial<Shard> = {}): Shard => ({
  ...newShard(group, segment, 0),
  state,
  topicId: t.devnet.createTopic(),
  ...more,
});
/** Grows the contact topics by one segment; the app learns of it at once. */
async function grow(): Promise<TopicId> {
  const shard = shardOf(standard("contact"), 1, "active", { routesFromNs: nowNs() });
  await put(shard);
  await t.app.registry.load();
  return shard.topicId as TopicId;
}

const write = async (userId: string, type = "CONTACT_REQUEST", payload: object = { target: "tm-bob" }) => {
  nonce += 1;
  const body = { type, from: userId, nonce, ts: Math.floor(t.clock.now() / 1_000), payload };
  return t.ask("POST", "/api/hcs/submit", userId, { body, withoutBackground: true });
};
const topicOf = async (answer: Promise<Response>) => ((await (await answer).json()) as SubmitAnswer).topicId;
const read = (userId: string) => t.ask("GET", "/api/signals", userId);
const pulls = (topicId: TopicId) => t.devnet.requests.counts().byTopic[topicId] ?? 0;

describe("a new topic", () => {
  it("is read as soon as the registry has it, even without messages, and makes no answer stale", async () => {
    const shard = shardOf(standard("contact"), 1, "creating");
    await put(shard);
    await t.app.registry.load();
    expect(((await (await read(STAYER)).json()) as SignalsAnswer).stale).toBe(false);
    await t.clock.advance(1_000);
    await t.clock.drive(t.app.scheduler.demand());
    expect(pulls(shard.topicId as TopicId)).toBeGreaterThan(0);
    await put({ ...shard, state: "active", routesFromNs: nowNs() });
    await t.app.registry.load();
    expect(((await (await read(STAYER)).json()) as SignalsAnswer).stale).toBe(false);
    t.devnet.submit(shard.topicId as TopicId, { type: "CONTACT_REQUEST", from: MOVER, to: STAYER });
    await t.sync();
    expect((await t.json<SignalsAnswer>("/api/signals", STAYER)).items).toMatchObject([{ topicId: shard.topicId }]);
  });

  it("is found by the next commit, and by the next write, when another process has made it", async () => {
    const first = shardOf(standard("contact"), 1, "active", { routesFromNs: nowNs() });
    await put(first);
    await t.clock.advance(16_000);
    t.devnet.submit(t.devnet.topics.trust, { type: "TRUST_ACCEPT", from: MOVER, to: STAYER });
    await t.sync();
    await expect.poll(() => t.app.scheduler.syncs.has(first.topicId as TopicId)).toBe(true);
    const second = shardOf(standard("contact"), 2, "active", { routesFromNs: nowNs() });
    await put(second);
    await t.clock.advance(6_000);
    await write(STAYER);
    expect(t.app.scheduler.syncs.has(second.topicId as TopicId)).toBe(true);
  });

  it("costs a reader no statement, because reads do not ask for the registry's version", async () => {
    const calls: string[] = [];
    const { registry } = t.app.stores;
    for (const name of ["load", "version"] as const) {
      const original = registry[name].bind(registry) as () => Promise<never>;
      registry[name] = () => {
        calls.push(name);
        return original();
      };
    }
    for (let i = 0; i < 20; i += 1) {
      await t.clock.advance(10_000);
      await read(STAYER);
    }
    expect(calls).toEqual([]);
  });
});

describe("a drained topic", () => {
  it("is read every ten minutes for a day, makes no answer stale, and gets no writes", async () => {
    const drained = shardOf(standard("contact"), 1, "drained", { drainedNs: nowNs() });
    const topicId = drained.topicId as TopicId;
    await put(drained);
    await t.app.registry.load();
    await t.sync();
    const pullsDuring = async (ms: number) => {
      const before = pulls(topicId);
      for (let passed = 0; passed < ms; passed += 60_000) {
        await t.clock.advance(60_000);
        await t.clock.drive(t.app.scheduler.demand());
      }
      return pulls(topicId) - before;
    };
    expect(await pullsDuring(3_600_000)).toBe(6);
    t.devnet.submit(topicId, { type: "CONTACT_REQUEST", from: MOVER, to: STAYER });
    expect(await pullsDuring(600_000)).toBeGreaterThan(0);
    expect((await t.json<SignalsAnswer>("/api/signals", STAYER)).items).toHaveLength(1);
    expect(t.app.scheduler.freshness().stale).toBe(false);
    expect(t.app.scheduler.topics.map((topic) => topic.topicId)).not.toContain(topicId);
    await t.clock.advance(86_400_000);
    await t.clock.drive(t.app.scheduler.demand());
    expect(await pullsDuring(1_800_000)).toBe(0);
    expect(t.app.scheduler.syncs.has(topicId)).toBe(false);
  });
});

describe("a topic that was drained before this instance started", () => {
  it("is read from start to end, because it is part of users' histories", async () => {
    const drained = shardOf(standard("contact"), 1, "drained", { drainedNs: 1n, routesFromNs: 1n });
    const topicId = drained.topicId as TopicId;
    const bodies = Array.from({ length: 250 }, (_, i) => ({ type: "CONTACT_REQUEST", from: `tm-${i}`, to: STAYER }));
    t.devnet.submitMany(topicId, bodies);
    await put(drained);
    await t.app.registry.load();
    expect(t.app.scheduler.freshness().stale).toBe(true);
    await t.sync();
    expect(t.app.scheduler.freshness().stale).toBe(false);
    expect(await t.app.stores.views.head(STAYER as UserId)).toBe(250);
    expect(t.app.scheduler.topics.map((topic) => topic.topicId)).not.toContain(topicId);
  });
});

describe("a user's messages", () => {
  it("go to the topic that the registry says, and the registry route says the same", async () => {
    const topicId = await grow();
    const told = async (userId: string) => (await t.json<RegistryAnswer>("/api/registry/topics", userId)).topics;
    expect([(await told(STAYER)).contacts, (await told(MOVER)).contacts]).toEqual([t.devnet.topics.contact, topicId]);
    expect((await told(MOVER)).trust).toBe(t.devnet.topics.trust);
    expect(await topicOf(write(MOVER))).toBe(topicId);
    expect(await topicOf(write(STAYER))).toBe(t.devnet.topics.contact);
  });

  it("move to a new topic as soon as the last one was read back", async () => {
    expect(await topicOf(write(MOVER))).toBe(t.devnet.topics.contact);
    const topicId = await grow();
    expect(await topicOf(write(MOVER))).toBe(topicId);
    await t.sync();
    const { items } = await t.json<SignalsAnswer>("/api/signals", MOVER);
    expect(items.map((each) => [each.topicId, each.position])).toEqual([
      [topicId, 2],
      [t.devnet.topics.contact, 1],
    ]);
  });

  it("stay on the old topic until the last one is read back, so that none overtakes it", async () => {
    const stalled = t.devnet.faults.add({ kind: "stalledHead" });
    await write(MOVER);
    const topicId = await grow();
    expect(await topicOf(write(MOVER))).toBe(t.devnet.topics.contact);
    t.devnet.faults.remove(stalled);
    await t.sync();
    expect(await topicOf(write(MOVER))).toBe(topicId);
  });

  it("stay on the old topic while one of them may still arrive", async () => {
    submitter.failWith = { code: "uncertain", message: "no answer" };
    await write(MOVER);
    submitter.failWith = null;
    const topicId = await grow();
    expect(await topicOf(write(MOVER))).toBe(t.devnet.topics.contact);
    await t.sync();
    await t.clock.advance(200_000);
    expect(await topicOf(write(MOVER))).toBe(topicId);
  });

  it("are not delayed by a refused one", async () => {
    submitter.failWith = { code: "refused", message: "no" };
    await write(MOVER);
    submitter.failWith = null;
    const topicId = await grow();
    expect(await topicOf(write(MOVER))).toBe(topicId);
  });

  it("never stay on a topic that was drained", async () => {
    t.devnet.faults.add({ kind: "stalledHead" });
    await write(MOVER);
    const [old] = t.app.registry.current.shards.filter(({ kind }) => kind === "contact") as [Shard];
    const next = { ...shardOf(standard("contact"), 0, "active"), generation: 1 };
    await put({ ...old, state: "drained", drainedNs: nowNs() }, next);
    await t.app.registry.load();
    expect(await topicOf(write(MOVER))).toBe(next.topicId);
  });
});

describe("a user with many signals", () => {
  const many = (count: number) =>
    t.devnet.submitMany(
      t.devnet.topics.recognition,
      Array.from({ length: count }, () => ({ type: "PAYMENT_SENT", from: STAYER, to: "tm-bob" })),
    );

  it("writes to the busy topics from 1,000 on, and does not switch back and forth there", async () => {
    const quiet = shardOf(busy("contact"), 0, "active");
    await put(quiet);
    await t.app.registry.load();
    many(999);
    await t.sync();
    expect(await topicOf(write(STAYER))).toBe(t.devnet.topics.contact);
    await t.sync();
    await t.clock.advance(31_000);
    await t.sync();
    expect(await topicOf(write(STAYER))).toBe(quiet.topicId);
    expect(await t.app.stores.registry.user(STAYER as UserId)).toMatchObject({ tier: "busy", version: 1 });
    expect(await topicOf(write(STAYER, "TRUST_DECLINE", { target: "tm-bob" }))).toBe(t.devnet.topics.trust);
  });

  it("stays busy while a rebuild restores the rows", async () => {
    // Long enough that this process would remember earlier attempts of what is written: a write syncs nothing then.
    await t.clock.advance(130_000);
    many(1_000);
    await t.sync();
    await write(STAYER);
    await t.app.stores.sync.rebuild();
    for (const sync of t.app.scheduler.syncs.values()) sync.startOver();
    t.devnet.faults.add({ kind: "stalledHead" });
    await t.clock.advance(31_000);
    await write(STAYER);
    expect(await t.app.stores.registry.user(STAYER as UserId)).toMatchObject({ tier: "busy", version: 1, signals: 0 });
  });

  it("can have an own topic", async () => {
    const own = shardOf({ tier: "busy", kind: "contact", owner: STAYER as UserId }, 0, "active");
    await put(own);
    await t.app.registry.load();
    expect(await topicOf(write(STAYER))).toBe(own.topicId);
    expect(await topicOf(write(MOVER))).toBe(t.devnet.topics.contact);
  });
});

describe("tenants", () => {
  it("have topics that never receive anybody else's messages", async () => {
    const tenants = ["acme", "globex"] as TenantId[];
    const people = new Map(tenants.map((tenant) => [tenant, Array.from({ length: 6 }, (_, i) => `tm-${tenant}-${i}`)]));
    const topics = new Map<string, TopicId[]>();
    for (const tenant of tenants) {
      const shards = [0, 1].map((segment) => shardOf(ofTenant("contact", tenant), segment, "active"));
      topics.set(
        tenant,
        shards.map(({ topicId }) => topicId as TopicId),
      );
      await put(...shards);
      await t.app.stores.registry.addTenant(tenant, tenant);
      expect(await t.app.stores.registry.assign(people.get(tenant) as UserId[], tenant)).toBe(true);
    }
    await t.app.registry.load();
    const everybody = [...people.values()].flat().concat("tm-x", "tm-y");
    for (const [i, userId] of everybody.entries())
      expect((await write(userId, "CONTACT_REQUEST", { target: everybody[(i + 7) % everybody.length] })).status).toBe(
        200,
      );
    await t.sync();
    for (const tenant of tenants) {
      const written = (topics.get(tenant) ?? []).flatMap((topicId) => t.devnet.ledger.topic(topicId).messages);
      const authors = written.map(({ bytes }) => (JSON.parse(Buffer.from(bytes).toString()) as { from: string }).from);
      expect(authors.sort()).toEqual([...(people.get(tenant) ?? [])].sort());
    }
    // The topic of the writer does not matter to readers: both sides have the message.
    for (const [i, userId] of everybody.entries()) {
      const { items } = await t.json<SignalsAnswer>("/api/signals", userId);
      const from = everybody[(i + everybody.length - 7) % everybody.length];
      expect(items.map(({ actor }) => actor).sort()).toEqual([userId, from].sort());
    }
  });
});
