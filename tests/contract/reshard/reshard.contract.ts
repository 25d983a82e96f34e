/** Growing and draining on a real store, killed wherever a process can be. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import { DRAIN_AT_LEAST_NS, type Goal, QUIET_NS } from "@/lib/core/shards/reshard";
import { activeShards, type Registry, routeTopic, type Shard } from "@/lib/core/shards/shards";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { ReshardOutcome } from "@/lib/engine/shards/reshard";
import { DrivenClock } from "@/tests/support/control/driven-clock";
import { Crash, fuseAt } from "@/tests/support/control/fuse";
import { DevnetTopicCreator } from "@/tests/support/mirrors/devnet-topic-creator";
import { type Database, type EmptyStore, emptied, openStore } from "@/tests/support/stores/store-opening";
import { batchOf } from "@/tests/support/worlds/histories/batches";
import { ofTenant, plain, standard } from "@/tests/support/worlds/shards/registries";
import { begin, operatorOf, type Scene, topicsOf } from "@/tests/support/worlds/shards/reshard-scene";

const GROUP = standard("contact");
const USERS = Array.from({ length: 100 }, (_, i) => plain(`tm-u${i}`));
const MS = 1_000_000n;

/** `newSegments`: how many a kill test grows by; every call of it is a place to die. */
export function reshardContract(name: string, open: () => Promise<Database>, newSegments: number): void {
  describe(`resharding on ${name}`, () => {
    let db: Database;
    let devnet: Devnet;
    let store: EmptyStore;
    let clock: DrivenClock;
    let scene: Scene;
    beforeAll(async () => {
      db = await open();
      await openStore(db, "devnet");
    });
    afterAll(() => db.close());
    beforeEach(async () => {
      clock = new DrivenClock();
      devnet = await startDevnet({ grpc: false, now: () => clock.now() });
      store = await emptied({ db: () => db });
      const ledger = new MirrorLedger({ urls: [devnet.restUrl], clock, reserve: async () => 0 });
      scene = { devnet, store: store.registry, sync: store.sync, ledger, clock };
    });
    afterEach(() => devnet.stop());

    const routes = (registry: Registry) => USERS.map((user) => routeTopic(registry, user, "contact")?.topicId);

    /** Runs to the goal with one death at the `at`th call; null where it ended before. */
    async function killedOnce(goal: Goal, at: number, when: "before" | "after") {
      const before = await store.registry.load();
      const creator = new DevnetTopicCreator(devnet);
      const { fuse } = fuseAt(at, when);
      const died = await operatorOf(scene, { creator, fuse })
        .resharder.run(goal)
        .then(
          () => false,
          (cause: unknown) => {
            if (cause instanceof Crash) return true;
            throw cause;
          },
        );
      const between = await store.registry.load();
      const outcome = await operatorOf(scene, { creator }).resharder.run(goal);
      return { died, before, between, after: await store.registry.load(), outcome, creator };
    }

    it("splits, whichever call it is killed at: no topic is created twice, and users move only at the switch", async () => {
      const to = 2 + newSegments;
      const goal: Goal = { name: "grow", group: GROUP, to };
      let deaths = 0;
      for (const when of ["before", "after"] as const) {
        for (let at = 1; ; at += 1) {
          store = await emptied({ db: () => db });
          await begin(scene, GROUP, 2);
          const { died, before, between, after, outcome, creator } = await killedOnce(goal, at, when);
          const where = `killed ${when} call ${at}`;
          expect(outcome, where).toEqual({ kind: "done" });
          expect(
            activeShards(after, GROUP).map(({ segment }) => segment),
            where,
          ).toEqual(Array.from({ length: to }, (_, i) => i));
          expect(creator.created.size, where).toBe(newSegments);
          expect(new Set(topicsOf(after)).size, where).toBe(to);
          expect([routes(before), routes(after)], where).toContainEqual(routes(between));
          const instants = new Set(
            after.shards.filter(({ segment }) => segment >= 2).map(({ routesFromNs }) => routesFromNs),
          );
          expect(instants.size, where).toBe(1);
          if (!died) break;
          deaths += 1;
        }
      }
      // Each new segment takes at least a look, a decision, a creation and two records of them.
      expect(deaths).toBeGreaterThan(newSegments * 5 * 2);
    });

    it("drains, whichever call it is killed at, with one new topic in its place", async () => {
      let deaths = 0;
      for (const when of ["before", "after"] as const) {
        for (let at = 1; ; at += 1) {
          store = await emptied({ db: () => db });
          const [first] = (await begin(scene, GROUP, 2)) as [Shard, Shard];
          const { died, before, between, after, outcome, creator } = await killedOnce(
            { name: "drain", shard: first },
            at,
            when,
          );
          const where = `killed ${when} call ${at}`;
          expect(outcome, where).toMatchObject({ kind: "waiting" });
          expect(creator.created.size, where).toBe(1);
          expect([routes(before), routes(after)], where).toContainEqual(routes(between));
          expect(routes(after), where).not.toContain(first.topicId);
          if (!died) break;
          deaths += 1;
        }
      }
      expect(deaths).toBeGreaterThan(10);
    });

    it("lets two operators work on the same goal", async () => {
      await begin(scene, GROUP, 1);
      const creator = new DevnetTopicCreator(devnet);
      const goal: Goal = { name: "grow", group: GROUP, to: 5 };
      const both = [0, 1].map(() => operatorOf(scene, { creator }).resharder.run(goal));
      expect(await Promise.all(both)).toEqual([{ kind: "done" }, { kind: "done" }]);
      expect(activeShards(await store.registry.load(), GROUP)).toHaveLength(5);
      expect(creator.created.size).toBe(4);
    });

    it("announces every version, the last one too", async () => {
      await begin(scene, GROUP, 1);
      const { resharder, announced } = operatorOf(scene);
      await resharder.run({ name: "grow", group: GROUP, to: 2 });
      expect(announced.at(-1)).toBe(await store.registry.version());
    });

    it("names each topic on the ledger by its purpose, in 100 bytes", async () => {
      await begin(scene, GROUP, 1);
      const { resharder, creator } = operatorOf(scene);
      await resharder.run({ name: "grow", group: GROUP, to: 2 });
      await resharder.run({ name: "grow", group: ofTenant("trust", "acme"), to: 1 });
      const long = "李".repeat(50) as NonNullable<Shard["owner"]>;
      await resharder.run({ name: "grow", group: { tier: "busy", kind: "trust", owner: long }, to: 1 });
      expect(creator.memos.slice(0, 2)).toEqual([
        "trustmesh:tm-standard-contact-1",
        "trustmesh:tm-enterprise-trust-acme-0",
      ]);
      expect(creator.memos[2]).toMatch(/^trustmesh:tm-busy-trust-李{20,30}$/);
      expect(Buffer.byteLength(creator.memos[2] ?? "")).toBeLessThanOrEqual(100);
    });

    it("fails with a sentence if the ledger does not create topics, and goes on when it does", async () => {
      await begin(scene, GROUP, 1);
      const goal: Goal = { name: "grow", group: GROUP, to: 2 };
      const { resharder, creator } = operatorOf(scene);
      for (const code of ["unavailable", "refused"] as const) {
        creator.failWith = { code, message: `it is ${code}` };
        expect(await resharder.run(goal)).toEqual({ kind: "failed", reason: `it is ${code}` });
      }
      creator.failWith = { code: "expired", message: "too old" };
      expect(await resharder.run(goal)).toEqual({ kind: "done" });
      expect(creator.created.size).toBe(1);
    });

    describe("a drained topic", () => {
      let shard: Shard;
      let run: () => Promise<ReshardOutcome>;
      beforeEach(async () => {
        shard = (await begin(scene, GROUP, 2))[1] as Shard;
        const { resharder } = operatorOf(scene);
        run = () => clock.drive(resharder.run({ name: "drain", shard }));
      });
      const stateOf = async () =>
        (await store.registry.load()).shards.find(({ topicId }) => topicId === shard.topicId)?.state;
      const message = { type: "CONTACT_ACCEPT", from: "tm-a", to: "tm-b" };

      it("is closed when it has been quiet, but only after wallets have forgotten it", async () => {
        const waiting = await run();
        expect(waiting).toMatchObject({ kind: "waiting", untilMs: clock.now() + Number(DRAIN_AT_LEAST_NS / MS) + 1 });
        expect(await stateOf()).toBe("draining");
        await clock.advance(Number(DRAIN_AT_LEAST_NS / MS) - 1);
        expect(await run()).toMatchObject({ kind: "waiting" });
        await clock.advance(2);
        expect(await run()).toEqual({ kind: "done" });
        expect(await stateOf()).toBe("drained");
      });

      it("is kept while messages arrive or are not stored yet, or while the mirror does not answer", async () => {
        await run();
        await clock.advance(Number(DRAIN_AT_LEAST_NS / MS) + 1);
        const topicId = shard.topicId as NonNullable<Shard["topicId"]>;
        const [late] = devnet.submit(topicId, message);
        expect(await run()).toMatchObject({ kind: "waiting", reason: expect.stringContaining("not all") });
        await store.sync.commit(
          batchOf(topicId, 0, [{ type: "CONTACT_ACCEPT", actor: "tm-a", ns: late?.consensusNs ?? 0n }]),
        );
        expect(await run()).toMatchObject({ kind: "waiting", reason: expect.stringContaining("still come in") });
        await clock.advance(Number(QUIET_NS / MS) + 2);
        const stalled = devnet.faults.add({ kind: "badGateway" });
        expect(await run()).toMatchObject({ kind: "failed", reason: expect.stringContaining("mirror") });
        devnet.faults.remove(stalled);
        await clock.advance(120_000);
        expect(await run()).toEqual({ kind: "done" });
      });
    });
  });
}
