/** Operators over two instances that share one Redis (behind Upstash's protocol) and one PostgreSQL. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore } from "@/lib/adapters/postgres/store";
import { openRedis } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { App } from "@/lib/server/boot/app";
import { registeredTopics } from "@/lib/server/config/network";
import type { AnyRoute } from "@/lib/server/http/route";
import { Metrics } from "@/lib/server/observe/metrics";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { ActionAnswer, AdminStatus, OperatorLogAnswer } from "@/lib/wire/operators/admin";
import { answer } from "../../support/contract/checked";
import { quietLog } from "../../support/quiet-log";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres/postgres-server";
import { type RedisServer, startRedis } from "../../support/servers/redis/redis-server";
import { startUpstash, type UpstashStandIn } from "../../support/stand-ins/upstash";
import { addTopics } from "../../support/stores/add-topics";
import { createTestApp } from "../../support/worlds/create-test-app";

const ALICE = "tm-alice";
let postgres: PostgresServer;
let redis: RedisServer;
let upstash: UpstashStandIn;
let devnet: Devnet;
let a: App;
let b: App;
let contact: TopicId;

beforeAll(async () => {
  [postgres, redis, devnet] = await Promise.all([startPostgres(), startRedis(), startDevnet({ grpc: false })]);
  upstash = await startUpstash({ redisPort: redis.port });
  contact = devnet.topics.contact;
  const url = await postgres.createDatabase();
  [a, b] = [await startInstance(url), await startInstance(url)];
  await a.scheduler.syncNow();
});
afterAll(async () => {
  await Promise.all([a?.close(), b?.close()]);
  await devnet?.stop();
  await upstash?.stop();
  await Promise.all([postgres?.stop(), redis?.stop()]);
});

async function startInstance(databaseUrl: string): Promise<App> {
  const metrics = new Metrics();
  const network = `admin-${process.pid}`;
  const stores = await openStore(openPg(databaseUrl), network, { onStatement: metrics.observeStatement });
  const { contact, trust, recognition, profile } = devnet.topics;
  const topics = registeredTopics({
    ...{ contact: [contact], trust: [trust] },
    ...{ recognition: [recognition], profile: [profile] },
  });
  const app = createTestApp({
    devnet,
    // Nothing becomes stale, no view leaves L1 and no round begins while a test looks.
    env: { FRESHNESS_TARGET_MS: "3600000", MIRROR_RPS: "1000" },
    shared: openRedis({
      ...{ transport: new UpstashTransport(upstash), network, viewTtlMs: 3_600_000, clock: systemClock, log: quietLog },
      onCommand: metrics.observeCommand,
    }),
    stores,
    metrics,
  });
  await addTopics(stores.registry, topics);
  return app;
}

interface Ask {
  readonly userId?: string;
  readonly params?: Record<string, string>;
  readonly headers?: Record<string, string>;
}

async function ask(app: App, name: RouteName, { userId, params = {}, headers = {} }: Ask = {}): Promise<Response> {
  const [method = "", path = ""] = name.split(" ");
  const cookie = (await app.sessions.issue((userId ?? devnet.operatorId) as UserId)).split(";")[0] as string;
  const isWrite = method === "POST";
  const request = new Request(new URL(path, "http://app.test"), {
    method,
    headers: { host: "app.test", cookie, ...(isWrite ? { "content-type": "application/json" } : {}), ...headers },
    ...(isWrite ? { body: "{}" } : {}),
  });
  const background = (work: () => Promise<unknown>) => void work().catch(() => {});
  const response = await answer(app, ROUTES[name] as AnyRoute, { request, params, background });
  expect(response.status, name).toBe(200);
  return response;
}
const act = async (app: App, name: RouteName, options: Ask = {}) =>
  ActionAnswer.parse(await (await ask(app, name, options)).json());
const cacheStatus = async (app: App) =>
  (await ask(app, "GET /api/contacts", { userId: ALICE })).headers.get("cache-status") ?? "";
const reportsSent = (app: App) => app.sharedStats?.().byPurpose.report.commands;

describe("instances", () => {
  it("that are idle send no report; busy ones are listed by all, and summed", async () => {
    expect(reportsSent(b)).toBe(0);
    for (let i = 0; i < 5; i += 1) await ask(b, "GET /api/health");
    await cacheStatus(b);
    await cacheStatus(b);
    await expect.poll(() => reportsSent(b)).toBe(1);
    const status = AdminStatus.parse(await (await ask(a, "GET /api/admin/status")).json());
    expect(status.instancesAreShared).toBe(true);
    expect(status.instances.map(({ instanceId, isThis }) => [instanceId, isThis])).toEqual([
      [a.instanceId, true],
      [b.instanceId, false],
    ]);
    const [own, other] = status.instances as [AdminStatus["instances"][number], AdminStatus["instances"][number]];
    expect(other.tiers.postgres.latency.count).toBeGreaterThan(0);
    expect(other.tiers.redis).toMatchObject({ misses: 1, breaker: "closed" });
    expect(status.total.tiers.redis.latency.count).toBe(
      own.tiers.redis.latency.count + other.tiers.redis.latency.count,
    );
    expect(status.total.commands.lookup).toBe((own.commands.lookup ?? 0) + (other.commands.lookup ?? 0));
    expect(status.total.sync.commits).toBe(own.sync.commits);
    // As many as look, one command: the answer stands for ten seconds.
    const sent = reportsSent(a);
    for (let i = 0; i < 5; i += 1) await ask(a, "GET /api/admin/status");
    expect(reportsSent(a)).toBe(sent);
  });

  it("that ended leave the list at once", async () => {
    const url = await postgres.createDatabase();
    const [ending, before, after] = [await startInstance(url), await startInstance(url), await startInstance(url)];
    const idsOf = async (app: App) => (await app.reporter.everybody()).join("\n");
    await cacheStatus(ending);
    await expect.poll(() => reportsSent(ending)).toBe(1);
    expect(await idsOf(before)).toContain(ending.instanceId);
    await ending.close();
    expect(await idsOf(after)).not.toContain(ending.instanceId);
    await Promise.all([before.close(), after.close()]);
  });

  it("drop a view that another instance invalidated", async () => {
    await cacheStatus(b);
    expect(await cacheStatus(b)).toMatch(/^l1; hit/);
    await act(a, "POST /api/admin/cache/invalidate");
    await expect.poll(() => cacheStatus(b)).toContain("l1; fwd=miss");
  });

  it("pause and resume a topic when another instance does", async () => {
    const params = { topicId: contact };
    const sync = b.scheduler.syncs.get(contact);
    await act(a, "POST /api/admin/topics/{topicId}/pause", { params });
    await expect.poll(() => sync?.state.name).toBe("paused");
    devnet.submit(contact, { type: "CONTACT_REQUEST", from: "tm-bob", to: ALICE });
    await b.scheduler.syncNow([contact]);
    expect((await b.stores.sync.topic(contact))?.cursor).toBe(0);
    await act(a, "POST /api/admin/topics/{topicId}/resume", { params });
    await expect.poll(() => sync?.state.name).not.toBe("paused");
    await expect.poll(async () => (await b.stores.sync.topic(contact))?.cursor).toBe(1);
  });

  it("that missed a pause are refused their next commit, and pause", async () => {
    const sync = b.scheduler.syncs.get(contact);
    await b.scheduler.syncNow([contact]);
    await a.stores.sync.setPaused(contact, true);
    devnet.submit(contact, { type: "CONTACT_REQUEST", from: "tm-carol", to: ALICE });
    await b.scheduler.syncNow([contact]);
    expect(sync?.state.name).toBe("paused");
    expect((await b.stores.sync.topic(contact))?.cursor).toBe(1);
    await act(a, "POST /api/admin/topics/{topicId}/resume", { params: { topicId: contact } });
    await expect.poll(async () => (await b.stores.sync.topic(contact))?.cursor).toBe(2);
  });

  it("run one request once, whichever instance receives it", async () => {
    const headers = { "idempotency-key": "from-a-retry" };
    const answers = await Promise.all(
      [a, b, a, b].map((app) => act(app, "POST /api/admin/cache/invalidate", { headers })),
    );
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    const log = OperatorLogAnswer.parse(await (await ask(b, "GET /api/admin/audit-log")).json());
    expect(log.items.filter(({ id }) => id === answers[0]?.entry.id)).toHaveLength(1);
    expect(new Set(answers.map(({ entry }) => entry.id)).size).toBe(1);
  });

  it("show the progress of a check on another instance", async () => {
    const { entry } = await act(a, "POST /api/admin/topics/{topicId}/audit", { params: { topicId: contact } });
    const seen = async () => {
      const log = OperatorLogAnswer.parse(await (await ask(b, "GET /api/admin/audit-log")).json());
      return log.items.find(({ id }) => id === entry.id);
    };
    await expect.poll(async () => (await seen())?.state).toBe("done");
    expect((await seen())?.detail).toMatchObject({ checked: 2, matching: 2 });
  });
});
