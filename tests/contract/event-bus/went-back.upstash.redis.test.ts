/** A Redis that comes back with less than it had told: a restored snapshot, a flush, a replica that lagged. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { openRedis, type RedisTier } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { UserId } from "@/lib/core/ledger/ids";
import type { CachedView, Lookup } from "@/lib/ports/shared/view-cache";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { snapshotOf } from "../../support/stores/redis-snapshot";
import { commitOf, Recorder, TOPIC } from "./event-bus.contract";

const fixture = upstashFixture();
const ADA = "tm-ada" as UserId;
const log = { info: () => {}, warn: () => {}, error: () => {} };
const opened: RedisTier[] = [];
const viewAt = (position: number): CachedView => ({ body: "{}", etag: `"${position}-a"`, position, readMs: 1 });

function tierOf(network: string): RedisTier {
  const transport = new UpstashTransport(fixture.upstash);
  const timeouts = { readTimeoutMs: 10_000, timeoutMs: 10_000 };
  const tier = openRedis({ transport, network, viewTtlMs: 60_000, clock: systemClock, log, ...timeouts });
  opened.push(tier);
  return tier;
}

class Listener extends Recorder {
  wentBack = 0;

  onWentBack(): void {
    this.wentBack += 1;
  }
}

async function listening(network: string) {
  const tier = tierOf(network);
  const heard = new Listener();
  tier.bus.subscribe(heard);
  await until(() => heard.missed === 1);
  heard.missed = 0;
  return { tier, heard };
}

const until = (condition: () => boolean) => expect.poll(condition).toBe(true);
const look = (tier: RedisTier, userId = ADA) => tier.views.lookup(userId, "contacts", 60_000);
const kindOf = async (tier: RedisTier) => (await look(tier)).kind;
const round = (tier: RedisTier) => tier.hot.round([{ topicId: TOPIC, watermark: 0n }], { periodMs: 1 }, 0);

async function fill(tier: RedisTier, position: number, userId = ADA): Promise<boolean> {
  const found = await look(tier, userId);
  return found.kind === "lease" && tier.views.fill(userId, "contacts", viewAt(position), found.lease);
}

const sequenceIn = async (network: string) => {
  const [text] = await fixture.redis.send([["GET", new Keys(network).everybody.sequence]]);
  return Number(String(text));
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map((tier) => tier.close()));
});

describe("a Redis that went back to before a commit", () => {
  /** Ada's view of position 1 is in the snapshot, and both instances know of the commit that made it position 2. */
  async function goneBack(network = newNetwork()) {
    const [a, b] = [await listening(network), await listening(network)];
    await a.tier.bus.publish(commitOf(1));
    expect(await fill(b.tier, 1)).toBe(true);
    await until(() => b.heard.events.length === 1);
    const restore = await snapshotOf(fixture.redis, network);
    await a.tier.bus.publish(commitOf(2));
    expect(await fill(b.tier, 2)).toBe(true);
    await until(() => b.heard.events.length === 2);
    await restore();
    return { network, a, b };
  }

  it("serves no view to an instance that knows of the commit, at no further command, and starts over", async () => {
    const { network, a, b } = await goneBack();
    fixture.upstash.counters.reset();
    await expect(look(b.tier)).rejects.toMatchObject({ name: "TierUnavailable", tier: "redis" });
    // The look-up, and what starts over.
    await until(() => a.heard.missed === 1 && b.heard.wentBack === 1);
    expect(fixture.upstash.counters.read().total).toBe(2);
    expect((await look(b.tier)).kind).toBe("lease");
    expect(await fill(a.tier, 2, "tm-bob" as UserId)).toBe(true);
    expect((await look(b.tier, "tm-bob" as UserId)).kind).toBe("hit");
    expect(await sequenceIn(network)).toBe(3);
  });

  it("is noticed by a round of demand", async () => {
    const { b } = await goneBack();
    await round(b.tier);
    await until(() => b.heard.wentBack === 1);
    await expect.poll(() => kindOf(b.tier)).toBe("lease");
  });

  it("is noticed by the next commit, which is still announced", async () => {
    const { a, b } = await goneBack();
    await a.tier.bus.publish(commitOf(3));
    await until(() => a.heard.wentBack === 1 && b.heard.missed >= 1);
    await expect.poll(() => kindOf(b.tier)).toBe("lease");
  });

  it("is noticed even when another instance has published enough events to make the numbers look right", async () => {
    const network = newNetwork();
    const [knowing, stranger] = [tierOf(network), tierOf(network)];
    expect(await fill(knowing, 1)).toBe(true);
    const restore = await snapshotOf(fixture.redis, network);
    for (const cursor of [1, 2, 3]) await knowing.bus.publish(commitOf(cursor));
    await restore();
    for (const cursor of [3, 4, 5]) await stranger.bus.publish(commitOf(cursor, []));
    expect((await look(stranger)).kind).toBe("hit");
    await expect(look(knowing)).rejects.toMatchObject({ name: "TierUnavailable", tier: "redis" });
    await expect.poll(() => kindOf(stranger)).toBe("lease");
  });

  it("is started over once, however many instances notice", async () => {
    const { network, a, b } = await goneBack();
    await Promise.allSettled([look(a.tier), look(b.tier), round(a.tier), round(b.tier)]);
    await until(() => a.tier.stats().bus.wentBack > 0 && b.tier.stats().bus.wentBack > 0);
    await expect.poll(() => kindOf(a.tier)).toBe("lease");
    expect(await sequenceIn(network)).toBe(3);
  });

  it("is noticed if it is empty", async () => {
    const network = newNetwork();
    const { tier, heard } = await listening(network);
    await tier.bus.publish(commitOf(1));
    const [keys] = await fixture.redis.send([["KEYS", `tm:${network}:*`]]);
    await fixture.redis.send([["DEL", ...(keys as readonly Buffer[]).map(String)]]);
    await round(tier);
    await until(() => heard.wentBack === 1);
    await expect.poll(() => sequenceIn(network)).toBe(2);
  });

  it("is distinguished from one that was idle for a long time", async () => {
    const network = newNetwork();
    const [a, b] = [tierOf(network), tierOf(network)];
    await a.bus.publish(commitOf(1));
    for (let cursor = 1; cursor <= 250; cursor += 1) await b.bus.publish(commitOf(cursor, []));
    await round(a);
    expect([a.stats().bus.wentBack, b.stats().bus.wentBack]).toEqual([0, 0]);
  });
});

describe("the stamp of the store", () => {
  it("travels with each event, and reaches all callers that load a view or wait for one", async () => {
    const network = newNetwork();
    const [teller, loader, waiter] = [tierOf(network), tierOf(network), tierOf(network)];
    const learnt: number[] = [];
    const stamp = (highest: number) => ({ highest, learn: (n: number) => void learnt.push(n), watch: () => {} });
    teller.bus.follow(stamp(2 ** 40 + 7));
    for (const { bus } of [loader, waiter]) bus.follow(stamp(0));
    await teller.bus.publish(commitOf(1));
    expect((await look(loader)).kind).toBe("lease");
    expect((await look(waiter)).kind).toBe("wait");
    expect(learnt).toEqual([2 ** 40 + 7, 2 ** 40 + 7]);
  });
});

describe("the absence of a generation", () => {
  it("never makes a view valid, neither before the first generation nor after it is gone", async () => {
    const network = newNetwork();
    const tier = tierOf(network);
    expect(await fill(tier, 1)).toBe(true);
    await tier.views.expireAll();
    expect((await look(tier)).kind).toBe("lease");
    await fixture.redis.send([["DEL", new Keys(network).everybody.generation]]);
    expect((await look(tier)).kind).toBe("lease");
    expect(await fill(tier, 2, "tm-bob" as UserId)).toBe(true);
    await fixture.redis.send([["DEL", new Keys(network).everybody.generation]]);
    expect((await look(tier, "tm-bob" as UserId)).kind).toBe("lease");
  });
});

describe("a publication that failed", () => {
  it("keeps this process away from all views in Redis until all are expired", async () => {
    const tier = tierOf(newNetwork());
    expect(await fill(tier, 1)).toBe(true);
    await fixture.upstash.faults.set({ kind: "down" });
    await expect(tier.bus.publish(commitOf(2))).rejects.toMatchObject({ name: "TierUnavailable", tier: "redis" });
    await fixture.upstash.faults.clear();
    await expect.poll(() => kindOf(tier)).toBe("lease");
  });
});

describe("whatever instances do and Redis loses", () => {
  const instance = fc.nat({ max: 2 });
  const op = fc.oneof(
    { weight: 6, arbitrary: fc.record({ op: fc.constantFrom("publish", "fill", "look", "look"), instance }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom("save", "restore"), instance }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom("lease", "return", "round", "join", "flush"), instance }) },
  );

  /** Redis is emptied, an instance publishes to it, and the snapshot returns before that instance has started over. */
  const TWICE_BACK = [
    ...([
      ["publish", 1],
      ["publish", 2],
      ["fill", 2],
      ["save", 0],
    ] as const),
    ...([
      ["flush", 0],
      ["publish", 1],
      ["restore", 0],
      ["look", 1],
    ] as const),
  ].map(([op, instance]) => ({ op, instance }));

  it("no instance gets a view that is older than a commit that it knows", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { minLength: 20, maxLength: 40 }), async (ops) => {
        const network = newNetwork();
        const tiers = [tierOf(network), tierOf(network), tierOf(network)];
        // Ada's position: in the database, in the commits that each instance knows of, and in those that Redis was told.
        let truth = 0;
        const known = [0, 0, 0];
        let told = 0;
        let saved = { told, restore: await snapshotOf(fixture.redis, network) };
        const held: { tier: RedisTier; lease: string; position: number }[] = [];
        const found = async (instance: number): Promise<Lookup | null> => {
          const answer = await look(tiers[instance] as RedisTier).catch(() => null);
          if (answer?.kind === "hit") expect(answer.view.position).toBeGreaterThanOrEqual(known[instance] as number);
          return answer;
        };
        for (const { op, instance } of ops) {
          const tier = tiers[instance] as RedisTier;
          if (op === "publish") {
            truth += 1;
            await tier.bus.publish(commitOf(null));
            [told, known[instance]] = [truth, truth];
          } else if (op === "look") await found(instance);
          else if (op === "fill" || op === "lease") {
            const answer = await found(instance);
            if (answer?.kind !== "lease") continue;
            if (op === "lease") held.push({ tier, lease: answer.lease, position: truth });
            else await tier.views.fill(ADA, "contacts", viewAt(truth), answer.lease);
          } else if (op === "return") {
            const late = held.shift();
            await late?.tier.views.fill(ADA, "contacts", viewAt(late.position), late.lease);
          } else if (op === "round") {
            await round(tier);
            known[instance] = Math.max(known[instance] as number, told);
          } else if (op === "save") saved = { told, restore: await snapshotOf(fixture.redis, network) };
          else if (op === "restore") {
            await saved.restore();
            told = saved.told;
          } else if (op === "flush") {
            await fixture.redis.send([["EVAL", FLUSH, "0", `tm:${network}:*`]]);
            told = 0;
          } else {
            tiers[instance] = tierOf(network);
            known[instance] = 0;
          }
        }
        await Promise.all(opened.splice(0).map((each) => each.close()));
      }),
      { numRuns: Number(process.env.WENT_BACK_RUNS ?? 60), endOnFailure: true, examples: [[TWICE_BACK]] },
    );
  });
});

const FLUSH = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end return 1";
