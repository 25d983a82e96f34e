/** Two instances over one Redis (behind Upstash's protocol) and one PostgreSQL: what they share, and what an outage costs. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore } from "@/lib/adapters/postgres/store";
import { openRedis, type RedisTier } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { UserId } from "@/lib/core/ledger/ids";
import { newShard } from "@/lib/core/shards/shards";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { App } from "@/lib/server/boot/app";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import type { SubmitAnswer } from "@/lib/wire/submit";
import { answer } from "../../support/contract/checked";
import { intercepted } from "../../support/control/intercepted";
import { quietLog } from "../../support/quiet-log";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres/postgres-server";
import { type RedisServer, startRedis } from "../../support/servers/redis/redis-server";
import { SseReader } from "../../support/sse";
import { startUpstash, type UpstashStandIn } from "../../support/stand-ins/upstash";
import { createTestApp } from "../../support/worlds/create-test-app";

const ALICE = "tm-alice";

let postgres: PostgresServer;
let redis: RedisServer;
let upstash: UpstashStandIn;
let databases = 0;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  upstash = await startUpstash({ redisPort: redis.port });
});
afterAll(async () => {
  await upstash.stop();
  await Promise.all([postgres.stop(), redis.stop()]);
});

interface Instance {
  readonly app: App;
  readonly tier: RedisTier;
  readonly sql: string[];
  ask(
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: object; userId?: string },
  ): Promise<Response>;
}

let devnet: Devnet;
let a: Instance;
let b: Instance;

/** Rounds every 150 ms, so that what waits for one waits little. */
const QUICK_MS = 300;
/** Nothing becomes stale, and no view leaves L1, while a test looks. */
const CALM_MS = 60_000;

async function startInstance(databaseUrl: string, network: string, targetMs = QUICK_MS): Promise<Instance> {
  const opened = await openStore(openPg(databaseUrl), network);
  const sql: string[] = [];
  const views = intercepted(opened.views, (name) => {
    sql.push(name);
    return null;
  });
  const tier = openRedis({
    transport: new UpstashTransport(upstash),
    network,
    viewTtlMs: 3_600_000,
    clock: systemClock,
    log: quietLog,
    // A busy machine is no outage: what is refused is refused at once all the same.
    readTimeoutMs: 10_000,
    timeoutMs: 10_000,
  });
  const app = createTestApp({
    devnet,
    shared: tier,
    stores: { ...opened, views },
    env: { FRESHNESS_TARGET_MS: String(targetMs), MIRROR_RPS: "1000" },
  });
  await app.openTopics();
  const ask: Instance["ask"] = async (method, path, { headers = {}, body, userId = ALICE } = {}) => {
    const url = new URL(path, "http://app.test");
    const route: AnyRoute = ROUTES[`${method} ${url.pathname}` as RouteName];
    const cookie = (await app.sessions.issue(userId as UserId)).split(";")[0] as string;
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const request = new Request(url, {
      method,
      headers: new Headers({ host: "app.test", cookie, ...json, ...headers } as Record<string, string>),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answer(app, route, { request, params: {}, background: (work) => void work().catch(() => {}) });
  };
  return { app, tier, sql, ask };
}

async function startBoth(targetMs?: number): Promise<void> {
  databases += 1;
  const network = `n${process.pid}-${databases}`;
  const url = await postgres.createDatabase();
  [a, b] = [await startInstance(url, network, targetMs), await startInstance(url, network, targetMs)];
}

beforeEach(async () => {
  devnet = await startDevnet({ grpc: false });
  await startBoth();
});
afterEach(async () => {
  upstash.faults.clear();
  await Promise.all([a.app.close(), b.app.close()]);
  await devnet.stop();
});

const request = (from: string) => devnet.submit(devnet.topics.contact, { type: "CONTACT_REQUEST", from, to: ALICE });
const bodyOf = async (response: Promise<Response>) => (await response).text();
const commands = (instance: Instance, purpose: "lookup" | "fill" | "round" | "publish") =>
  instance.tier.stats().byPurpose[purpose].commands;
describe("views", () => {
  it("are loaded once for both instances, and cost the documented number of commands", async () => {
    await Promise.all([a.app.close(), b.app.close()]);
    await startBoth(CALM_MS);
    request("tm-bob");
    await a.app.scheduler.syncNow();
    a.sql.length = 0;
    const cold = await a.ask("GET", "/api/contacts");
    expect(cold.headers.get("cache-status")).toBe("postgres; hit, redis; fwd=miss; stored, l1; fwd=miss; stored");
    expect([commands(a, "lookup"), commands(a, "fill"), a.sql]).toEqual([1, 1, ["contacts"]]);
    const warm = await a.ask("GET", "/api/contacts");
    expect(warm.headers.get("cache-status")).toMatch(/^l1; hit; ttl=\d+$/);
    expect([commands(a, "lookup"), a.sql.length]).toEqual([1, 1]);
    // How fresh the data is, b learns from a in a round.
    await b.app.scheduler.demand();
    const other = await b.ask("GET", "/api/contacts");
    expect(other.headers.get("cache-status")).toMatch(/^redis; hit; ttl=\d+, l1; fwd=miss; stored$/);
    expect([commands(b, "lookup"), commands(b, "fill"), b.sql]).toEqual([1, 0, []]);
    expect(other.headers.get("etag")).toBe(cold.headers.get("etag"));
  });

  it("of a user are loaded once for many cold readers on both", async () => {
    request("tm-bob");
    await a.app.scheduler.syncNow();
    a.sql.length = 0;
    const readers = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? a : b).ask("GET", "/api/signals"));
    for (const response of await Promise.all(readers)) expect(response.status).toBe(200);
    expect([...a.sql, ...b.sql].filter((name) => name === "signals")).toHaveLength(1);
  });

  it("are never older than the last commit, whichever instance committed and whichever is asked", async () => {
    for (let i = 0; i < 10; i += 1) {
      const [writer, reader] = i % 2 === 0 ? [a, b] : [b, a];
      await reader.ask("GET", "/api/contacts");
      const [message] = request(`tm-p${i}`);
      await writer.app.scheduler.syncNow();
      const headers = { "if-min-sequence": `${devnet.topics.contact}=${message?.sequence}` };
      expect(await bodyOf(reader.ask("GET", "/api/contacts", { headers }))).toContain(`tm-p${i}`);
    }
  });
});

describe("read your writes", () => {
  it("holds if the write went to one instance and the read to the other", async () => {
    for (let i = 0; i < 20; i += 1) {
      const envelope = {
        type: "CONTACT_REQUEST",
        from: ALICE,
        nonce: i + 1,
        ts: Math.floor(Date.now() / 1_000),
        payload: { target: `tm-t${i}` },
      };
      const written = (await (await a.ask("POST", "/api/hcs/submit", { body: envelope })).json()) as SubmitAnswer;
      const read = await b.ask("GET", "/api/signals", { headers: { "if-min-sequence": written.minSequence } });
      expect(read.status).toBe(200);
      expect(await read.text()).toContain(`tm-t${i}`);
    }
  });

  it("holds even before the commit's event arrived, on either instance, and leaves no older view cached", async () => {
    request("tm-1");
    await a.app.scheduler.syncNow();
    for (const instance of [a, b]) expect(await bodyOf(instance.ask("GET", "/api/contacts"))).toContain("tm-1");
    const publish = a.app.bus.publish.bind(a.app.bus);
    let tell = () => {};
    const held = new Promise<void>((resolve) => {
      tell = resolve;
    });
    a.app.bus.publish = (event) => held.then(() => publish(event));
    const [message] = request("tm-2");
    const synced = a.app.scheduler.syncNow();
    await expect.poll(async () => (await b.app.stores.sync.topic(devnet.topics.contact))?.cursor).toBe(2);
    const headers = { "if-min-sequence": `${devnet.topics.contact}=${message?.sequence}` };
    for (const instance of [a, b]) {
      const read = await instance.ask("GET", "/api/contacts", { headers });
      expect(await read.text()).toContain("tm-2");
      expect(read.headers.get("cache-status")).toBe("postgres; hit, redis; fwd=request, l1; fwd=request; stored");
    }
    tell();
    await synced;
    for (const instance of [a, b]) {
      // The event reaches the other instance some time after the sync has ended.
      const status = async () => (await instance.ask("GET", "/api/contacts", { headers })).headers.get("cache-status");
      await expect.poll(status).not.toContain("fwd=request");
      expect(await bodyOf(instance.ask("GET", "/api/contacts"))).toContain("tm-2");
    }
  });

  it("costs a few Redis commands while readers wait, however many they are and whatever they wait for", async () => {
    request("tm-1");
    for (const instance of [a, b]) await instance.app.scheduler.syncNow();
    const spent = () =>
      [a, b].reduce(
        (sum, { tier }) => sum + Object.values(tier.stats().byPurpose).reduce((all, { commands }) => all + commands, 0),
        0,
      );
    const wait = async (readers: number, sequence: number) => {
      const before = spent();
      const headers = { "if-min-sequence": `${devnet.topics.contact}=${sequence}` };
      const answers = Array.from({ length: readers }, (_, i) =>
        (i % 2 === 0 ? a : b).ask("GET", "/api/contacts", { headers }),
      );
      for (const { status } of await Promise.all(answers)) expect(status).toBe(503);
      return spent() - before;
    };
    // On each instance one pull of the topic finds that the message cannot come soon: a page, a head, and a round of demand.
    expect(await wait(40, 2 ** 50)).toBeLessThanOrEqual(16);
    // In three seconds the topic is pulled after 0, 0.2 and 0.6 s, then every 0.8 s. The page and the head cost a command each.
    expect(await wait(1, 9)).toBeLessThanOrEqual(20);
    expect(await wait(40, 9)).toBeLessThanOrEqual(40);
  });

  it("spends a nonce once, whichever instance is asked", async () => {
    const body = {
      type: "CONTACT_REQUEST",
      from: ALICE,
      nonce: 5,
      ts: Math.floor(Date.now() / 1_000),
      payload: { target: "tm-x" },
    };
    const both = await Promise.all([
      a.ask("POST", "/api/hcs/submit", { body }),
      b.ask("POST", "/api/hcs/submit", { body }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

describe("streams", () => {
  it("on one instance carry what another one commits, and resume there exactly", async () => {
    const first = new SseReader(await b.ask("GET", "/api/stream"));
    await expect.poll(() => first.of("hello").length).toBe(1);
    await expect.poll(() => b.tier.stats().bus.isConnected).toBe(true);
    for (const from of ["tm-1", "tm-2", "tm-3"]) {
      request(from);
      await a.app.scheduler.syncNow();
    }
    await expect.poll(() => first.of("signal").map(({ id }) => id)).toEqual([1, 2, 3]);
    await first.cancel();
    request("tm-4");
    await a.app.scheduler.syncNow();
    const second = new SseReader(await a.ask("GET", "/api/stream", { headers: { "last-event-id": "3" } }));
    await expect.poll(() => second.of("signal").map(({ id }) => id)).toEqual([4]);
    await second.cancel();
  });
});

describe("the sync", () => {
  it("is shared: in each period one of the instances pulls a topic, and both know how fresh it is", async () => {
    await Promise.all([a.app.scheduler.demand(), b.app.scheduler.demand()]);
    await expect
      .poll(async () => {
        await Promise.all([a.app.scheduler.demand(), b.app.scheduler.demand()]);
        return [a.app.scheduler.freshness().asOfNs, b.app.scheduler.freshness().asOfNs].every((ns) => ns !== null);
      })
      .toBe(true);
    expect(commands(a, "round") + commands(b, "round")).toBeGreaterThan(1);
  });
});

describe("a new topic", () => {
  const MOVER = "0.0.7226146";
  const contact = { tier: "standard", kind: "contact", owner: null } as const;
  const envelope = (nonce: number) => ({
    type: "CONTACT_REQUEST",
    ...{ from: MOVER, nonce, ts: Math.floor(Date.now() / 1_000), payload: { target: ALICE } },
  });
  const write = async (instance: Instance, nonce: number) => {
    const response = await instance.ask("POST", "/api/hcs/submit", { userId: MOVER, body: envelope(nonce) });
    return ((await response.json()) as SubmitAnswer).topicId;
  };

  it("is read and written to by every instance, even if one learns of it only by the write fence", async () => {
    expect(await write(a, 1)).toBe(devnet.topics.contact);
    await expect.poll(async () => (await b.app.stores.views.head(MOVER as UserId)) === 1).toBe(true);
    const topicId = devnet.createTopic();
    const shard = { ...newShard(contact, 1, 0), state: "active", topicId, routesFromNs: 1n } as const;
    // a knows, b does not: nothing has told it, and no read of it may ask the database.
    await a.app.stores.registry.change(a.app.registry.current.version, [shard]);
    await a.app.registry.load();
    expect(await write(a, 2)).toBe(topicId);
    expect(await write(b, 3)).toBe(topicId);
    expect(b.app.registry.current.version).toBe(a.app.registry.current.version);
    await expect.poll(async () => (await b.app.stores.views.head(MOVER as UserId)) === 3).toBe(true);
    const { rows } = await b.app.stores.views.signalsAfter(MOVER as UserId, 0, 9);
    expect(rows.map((row) => row.topicId)).toEqual([devnet.topics.contact, topicId, topicId]);
  });

  it("becomes known in a round of demand, by the registry version that comes with it", async () => {
    const topicId = devnet.createTopic();
    const shard = { ...newShard(contact, 1, 0), state: "creating", topicId } as const;
    await a.app.stores.registry.change(a.app.registry.current.version, [shard]);
    await a.app.registry.load();
    const version = a.app.registry.current.version;
    await expect
      .poll(async () => {
        await a.app.scheduler.demand();
        await b.app.scheduler.demand();
        return b.app.scheduler.syncs.has(topicId);
      })
      .toBe(true);
    expect(b.app.registry.current.version).toBe(version);
  });
});

describe("while Redis is down", () => {
  it("reads come from Postgres, syncs go on, and writes are refused as unsafe", async () => {
    request("tm-1");
    await Promise.all([a.app.scheduler.syncNow(), b.app.scheduler.syncNow()]);
    await upstash.faults.set({ kind: "down", how: "refused" });
    const read = await b.ask("GET", "/api/contacts");
    expect(read.status).toBe(200);
    expect(read.headers.get("cache-status")).toBe(
      "postgres; hit, redis; fwd=miss; detail=unavailable, l1; fwd=miss; stored",
    );
    const ready = await b.ask("GET", "/api/health/ready");
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      {
        ready: true,
        degraded: true,
        incidents: [{ code: "redis-down" }],
        tiers: { redis: { ok: false }, postgres: { ok: true } },
      },
    ]);
    request("tm-2");
    await expect
      .poll(async () => {
        await b.app.scheduler.demand();
        return bodyOf(b.ask("GET", "/api/contacts"));
      })
      .toContain("tm-2");
    const body = {
      type: "CONTACT_REQUEST",
      from: ALICE,
      nonce: 1,
      ts: Math.floor(Date.now() / 1_000),
      payload: { target: "tm-x" },
    };
    const write = await b.ask("POST", "/api/hcs/submit", { body });
    expect([write.status, ((await write.json()) as { code: string }).code]).toEqual([503, "unavailable"]);
  });

  it("a commit has no event, and no older view survives it once Redis is back", async () => {
    request("tm-1");
    await a.app.scheduler.syncNow();
    expect(await bodyOf(b.ask("GET", "/api/contacts"))).toContain("tm-1");
    await upstash.faults.set({ kind: "down", how: "refused" });
    request("tm-2");
    await a.app.scheduler.syncNow();
    upstash.faults.clear();
    await expect
      .poll(async () => {
        await a.app.scheduler.demand();
        return bodyOf(b.ask("GET", "/api/contacts"));
      })
      .toContain("tm-2");
  });
});

describe("an instance that dies between its commit and telling of it", () => {
  it("leaves no view outdated: the next instance that loads the cursor notices", async () => {
    request("tm-1");
    await a.app.scheduler.syncNow();
    expect(await bodyOf(b.ask("GET", "/api/contacts"))).toContain("tm-1");
    request("tm-2");
    a.app.bus.publish = () => new Promise(() => {});
    void a.app.scheduler.syncNow();
    await expect.poll(async () => (await b.app.stores.sync.topic(devnet.topics.contact))?.cursor).toBe(2);
    for (const sync of b.app.scheduler.syncs.values()) sync.startOver();
    await expect
      .poll(async () => {
        await b.app.scheduler.syncNow();
        return bodyOf(b.ask("GET", "/api/contacts"));
      })
      .toContain("tm-2");
  });
});
