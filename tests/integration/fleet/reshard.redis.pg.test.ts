/**
 * Four segments become sixteen while everybody writes and reads, through two instances, and while the operator's process dies
 * at each step: nothing is lost, nothing comes twice, no read fails, nobody's messages change places.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TopicId } from "@/lib/core/ledger/ids";
import type { Goal } from "@/lib/core/shards/reshard";
import { segmentOf } from "@/lib/core/shards/sharding";
import { activeShards, routeTopic } from "@/lib/core/shards/shards";
import { Crash, fuseAt } from "../../support/control/fuse";
import { plain, standard } from "../../support/worlds/shards/registries";
import { accountOf, type Load, rowsOf, startLoad } from "../../support/worlds/shards/split-load";
import { type Instance, type SplitWorld, startSplitWorld } from "../../support/worlds/shards/split-world";

const GROUP = standard("contact");
const USERS = Array.from({ length: 32 }, (_, i) => `tm-user-${i}`);
const GOAL: Goal = { name: "grow", group: GROUP, to: 16 };
/** People that the hash moves, and others. The test needs both. */
const MOVERS = USERS.filter((userId) => segmentOf(userId, 16) >= 4);

let world: SplitWorld;
let load: Load;
beforeAll(async () => {
  world = await startSplitWorld({ segments: 4, instances: 2, distanceMs: 20 });
});
afterAll(() => world.close());

const first = () => (world.instances[0] as Instance).app;
const total = async () => {
  const topics = await first().stores.sync.topics();
  return topics.reduce((sum, { cursor }) => sum + cursor, 0);
};
const onLedger = () => [...world.devnet.ledger.topics.values()].reduce((sum, { messages }) => sum + messages.length, 0);
const readBack = () =>
  expect
    .poll(
      async () => {
        await Promise.all(world.instances.map(({ app }) => app.scheduler.syncNow()));
        return onLedger() - (await total());
      },
      { timeout: 60_000 },
    )
    .toBe(0);

describe("a split under load", () => {
  it("loses, repeats and reorders nothing, and fails no read, though its operator dies at each step", async () => {
    expect(MOVERS.length).toBeGreaterThan(10);
    expect(MOVERS.length).toBeLessThan(USERS.length);
    load = startLoad(world, USERS, 2);
    await load.more(100);
    let deaths = 0;
    // Each process gets a little further than the one before it, and dies: five calls are one step at the most.
    for (let isDone = false; !isDone; ) {
      const { fuse } = fuseAt(5 + (deaths % 2), deaths % 3 === 0 ? "before" : "after");
      try {
        expect(await world.operator(fuse).resharder.run(GOAL)).toEqual({ kind: "done" });
        isDone = true;
      } catch (cause) {
        if (!(cause instanceof Crash)) throw cause;
        deaths += 1;
      }
      await load.more(5);
    }
    // 12 new topics: each an attempt and a creation, and the plan and the switch.
    expect(deaths).toBeGreaterThan(12);
    await load.more(USERS.length * 4);
    await load.stop();
    await readBack();
    // A person without a message on the way moves with the next one.
    await load.round();
    await readBack();

    const account = await accountOf(world, load, USERS);
    expect(account).toMatchObject({ lost: [], duplicated: [], outOfOrder: [] });
    expect([load.reads.failed, load.failedWrites]).toEqual([[], []]);
    expect(load.reads.ok).toBeGreaterThan(50);
    expect(account.moved).toBe(MOVERS.length);
  }, 600_000);

  it("has moved exactly the users whom the hash moves, to new topics, on every instance", async () => {
    for (const { app } of world.instances) {
      await app.scheduler.demand();
      const registry = app.registry.current;
      expect(activeShards(registry, GROUP)).toHaveLength(16);
      for (const userId of USERS) {
        const topicId = routeTopic(registry, plain(userId), "contact")?.topicId as TopicId;
        expect(world.contacts.includes(topicId)).toBe(!MOVERS.includes(userId));
        expect(load.written.filter((each) => each.userId === userId).at(-1)?.topicId).toBe(topicId);
      }
    }
  });

  it("leaves every user the rows of a replay of all topics, each message verified against the ledger's hash chain", async () => {
    const topics = [...world.devnet.ledger.topics.keys()].filter(
      (topicId) => !Object.values(world.devnet.topics).includes(topicId) || topicId === world.devnet.topics.contact,
    );
    expect(topics).toHaveLength(16);
    const replayed = await world.replay(topics);
    for (const userId of USERS) expect(await rowsOf(first(), userId)).toEqual(await rowsOf(replayed, userId));
    for (const { counts } of await first().stores.sync.topics()) expect(counts.verified).toBe(counts.messages);
  });

  it("goes back to four the same way: the last segments drain, and their users return", async () => {
    load = startLoad(world, USERS, 1);
    await load.more(40);
    for (let segment = 15; segment >= 4; segment -= 1) {
      const shard = activeShards(await first().stores.registry.load(), GROUP)[segment];
      const outcome = await world
        .operator()
        .resharder.run({ name: "drain", shard: shard as NonNullable<typeof shard> });
      expect(outcome).toMatchObject({ kind: "waiting" });
    }
    await load.more(USERS.length * 4);
    await load.stop();
    await readBack();
    await load.round();
    await readBack();
    const account = await accountOf(world, load, USERS);
    expect(account.lost.concat(account.duplicated, load.reads.failed, load.failedWrites)).toEqual([]);
    const order = account.outOfOrder.filter((each) => !each.includes("changed topics"));
    expect(order).toEqual([]);
    for (const userId of USERS)
      expect(world.contacts).toContain(load.written.filter((each) => each.userId === userId).at(-1)?.topicId);
  }, 600_000);
});
