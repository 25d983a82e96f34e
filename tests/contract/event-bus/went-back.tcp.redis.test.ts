/** Servers of a cluster that come back with less than they had told, each alone: a failover to a replica that lagged, a restart. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { RedisTier } from "@/lib/adapters/redis/open-redis";
import type { UserId } from "@/lib/core/ledger/ids";
import type { CachedView, Lookup } from "@/lib/ports/shared/view-cache";
import { slotOf } from "../../support/servers/redis/redis-slot";
import { TCP_SET_UPS, tcpFixture } from "../../support/servers/tcp-fixture";
import { newNetwork } from "../../support/stand-ins/upstash-fixture";
import { keysOfNetwork, snapshotOf } from "../../support/stores/redis-snapshot";
import { commitOf, Recorder, TOPIC } from "./event-bus.contract";

const viewAt = (position: number): CachedView => ({ body: "{}", etag: `"${position}-a"`, position, readMs: 1 });
const until = (condition: () => boolean) => expect.poll(condition).toBe(true);
const look = (tier: RedisTier, userId: UserId) => tier.views.lookup(userId, "contacts", 60_000);
const round = (tier: RedisTier) => tier.hot.round([{ topicId: TOPIC, watermark: 0n }], { periodMs: 1 }, 0);
const FLUSH = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end return 1";

async function fill(tier: RedisTier, userId: UserId, position: number): Promise<boolean> {
  const found = await look(tier, userId);
  return found.kind === "lease" && tier.views.fill(userId, "contacts", viewAt(position), found.lease);
}

describe.each(TCP_SET_UPS)("over TCP to %s", (setUp) => {
  const fixture = tcpFixture(setUp);
  afterEach(() => fixture.closeAll());

  /** The server that has a key, as an index of `fixture.servers`. */
  async function serverOf(key: string): Promise<number> {
    if (fixture.cluster === null) return 0;
    const owner = await fixture.cluster.ownerOf(slotOf(key));
    return fixture.cluster.masters.indexOf(owner);
  }

  /** Two people of one partition, and one of another that lies on another server, if there are several. */
  async function people(network: string): Promise<readonly [UserId, UserId, UserId]> {
    const keys = fixture.keys(network);
    const all = Array.from({ length: 400 }, (_, i) => `tm-person-${i}` as UserId);
    const first = await serverOf(keys.everybody.sequence);
    const servers = await Promise.all(all.map((userId) => serverOf(keys.view(userId, "contacts"))));
    const a = all.find((_, i) => fixture.cluster === null || servers[i] !== first) as UserId;
    const b = all.find((id) => id !== a && keys.partitionOf(id) === keys.partitionOf(a)) as UserId;
    const c = all.find((id, i) => id !== a && id !== b && servers[i] === first) as UserId;
    return [a, b, c];
  }

  it("a view that was restored by one server alone is served to nobody who knows of the commit", async () => {
    const network = newNetwork();
    const [ada] = await people(network);
    const at = await serverOf(fixture.keys(network).view(ada, "contacts"));
    const [knowing, learning] = [fixture.tier(network), fixture.tier(network)];
    const heard = new Recorder();
    learning.bus.subscribe(heard);
    await until(() => heard.missed === 1);
    expect(await fill(knowing, ada, 1)).toBe(true);
    const restore = await snapshotOf(fixture.servers[at] as (typeof fixture.servers)[number], network);
    await knowing.bus.publish(commitOf(2, [ada]));
    await until(() => heard.events.length === 1);
    await restore();
    // Each knows of the commit by another way: it published it, heard of it, and came later.
    const late = fixture.tier(network);
    await round(late);
    // One server that went back has nothing left that could tell the latecomer.
    for (const tier of fixture.cluster === null ? [learning, knowing] : [late, learning, knowing]) {
      const found = await look(tier, ada).catch(() => null);
      expect(found?.kind).not.toBe("hit");
    }
    await until(() => heard.missed >= 2);
    await expect.poll(async () => (await look(late, ada).catch(() => null))?.kind).toMatch(/lease|wait/);
  });

  it("an instance that gave a lost number to its own event does not take that for the lost event", async () => {
    if (fixture.cluster === null) return;
    const network = newNetwork();
    const [ada, bob] = await people(network);
    const at = await serverOf(fixture.keys(network).view(bob, "contacts"));
    const [knowing, stranger] = [fixture.tier(network), fixture.tier(network)];
    expect(await fill(knowing, bob, 1)).toBe(true);
    const restore = await snapshotOf(fixture.servers[at] as (typeof fixture.servers)[number], network);
    await knowing.bus.publish(commitOf(2, [bob]));
    await restore();
    // The same partition numbers this event as it had numbered Bob's.
    await stranger.bus.publish(commitOf(3, [ada]));
    await round(stranger);
    expect((await look(stranger, bob).catch(() => null))?.kind).not.toBe("hit");
    await expect.poll(async () => (await look(stranger, bob).catch(() => null))?.kind).toMatch(/lease|wait/);
  });

  it("a start over that its instance could not announce is announced by the next that looks", async () => {
    if (fixture.cluster === null) return;
    const network = newNetwork();
    const keys = fixture.keys(network);
    const [ada] = await people(network);
    const at = await serverOf(keys.view(ada, "contacts"));
    const server = fixture.servers[at] as (typeof fixture.servers)[number];
    const [a, b] = [fixture.tier(network), fixture.tier(network)];
    const heard = new Recorder();
    b.bus.subscribe(heard);
    await until(() => heard.missed === 1);
    await a.bus.publish(commitOf(1, [ada]));
    await until(() => heard.events.length === 1);
    // An instance that dies between the two steps leaves this behind.
    const { history, sequence } = keys.in(keys.partitionOf(ada));
    await server.send([["INCR", sequence]]);
    await server.send([["HSET", history, "untold", "2", "m2", "2 someone-1", "from", "2"]]);
    await expect(look(a, ada)).rejects.toMatchObject({ name: "TierUnavailable", tier: "redis" });
    await until(() => heard.missed >= 2);
    await expect.poll(async () => (await look(a, ada).catch(() => null))?.kind).toMatch(/lease|wait/);
    const [left] = await server.send([["HEXISTS", history, "untold"]]);
    expect(left).toBe(0);
  });

  describe("whatever instances do and servers lose", () => {
    const instance = fc.nat({ max: 2 });
    const user = fc.nat({ max: 2 });
    const server = fc.nat({ max: 2 });
    const args = { instance, user, server };
    const op = fc.oneof(
      { weight: 6, arbitrary: fc.record({ op: fc.constantFrom("publish", "fill", "look", "look"), ...args }) },
      { weight: 2, arbitrary: fc.record({ op: fc.constantFrom("save", "restore", "restore"), ...args }) },
      {
        weight: 1,
        arbitrary: fc.record({ op: fc.constantFrom("lease", "return", "round", "join", "flush"), ...args }),
      },
    );

    it("no instance gets a view that is older than a commit that it knows", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(op, { minLength: 20, maxLength: 40 }), async (ops) => {
          const network = newNetwork();
          const who = await people(network);
          const firstServer = await serverOf(fixture.keys(network).everybody.sequence);
          const tiers = [0, 1, 2].map(() => fixture.tier(network));
          /** Positions by person: in the database, in the commits that each instance knows of, and in those that partition 0 was told. */
          const truth = [0, 0, 0];
          const known = [0, 1, 2].map(() => [0, 0, 0]);
          let told = [0, 0, 0];
          const save = async () => ({
            told: [...told],
            restores: await Promise.all(fixture.servers.map((each) => snapshotOf(each, network))),
          });
          let saved = await save();
          const held: { tier: RedisTier; lease: string; position: number; user: number }[] = [];
          const found = async (i: number, u: number): Promise<Lookup | null> => {
            const answer = await look(tiers[i] as RedisTier, who[u] as UserId).catch(() => null);
            if (answer?.kind === "hit") expect(answer.view.position).toBeGreaterThanOrEqual(known[i]?.[u] as number);
            return answer;
          };
          for (const { op, instance: i, user: u, server } of ops) {
            const [tier, userId, own] = [tiers[i] as RedisTier, who[u] as UserId, known[i] as number[]];
            const at = server % fixture.servers.length;
            if (op === "publish") {
              truth[u] = (truth[u] as number) + 1;
              await tier.bus.publish(commitOf(null, [userId]));
              told[u] = own[u] = truth[u] as number;
            } else if (op === "look") await found(i, u);
            else if (op === "fill" || op === "lease") {
              const answer = await found(i, u);
              if (answer?.kind !== "lease") continue;
              if (op === "lease") held.push({ tier, lease: answer.lease, position: truth[u] as number, user: u });
              else await tier.views.fill(userId, "contacts", viewAt(truth[u] as number), answer.lease);
            } else if (op === "return") {
              const late = held.shift();
              if (late)
                await late.tier.views.fill(who[late.user] as UserId, "contacts", viewAt(late.position), late.lease);
            } else if (op === "round") {
              await round(tier);
              for (const each of [0, 1, 2]) own[each] = Math.max(own[each] as number, told[each] as number);
            } else if (op === "save") saved = await save();
            else if (op === "restore") {
              await saved.restores[at]?.();
              if (at === firstServer) told = [...saved.told];
            } else if (op === "flush") {
              await fixture.servers[at]?.send([["EVAL", FLUSH, "0", keysOfNetwork(network)]]);
              if (at === firstServer) told = [0, 0, 0];
            } else {
              tiers[i] = fixture.tier(network);
              known[i] = [0, 0, 0];
            }
          }
          await fixture.closeAll();
        }),
        { numRuns: Number(process.env.WENT_BACK_RUNS ?? 30), endOnFailure: true },
      );
    });
  });
});
