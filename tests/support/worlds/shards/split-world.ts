/** Several instances over one PostgreSQL and one Redis, a devnet with some contact topics, and an operator's own process. */

import { systemClock } from "@/lib/adapters/memory/system-clock";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore } from "@/lib/adapters/postgres/store";
import { openRedis } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import type { Result } from "@/lib/core/result";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { Clock } from "@/lib/ports/clock";
import type { SubmitError, Submitted, Submitter } from "@/lib/ports/ledger/submitter";
import type { App, Stores } from "@/lib/server/boot/app";
import { registeredTopics } from "@/lib/server/config/network";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import { answer } from "../../contract/web-answer";
import { DevnetSubmitter } from "../../mirrors/devnet-submitter";
import { DevnetTopicCreator } from "../../mirrors/devnet-topic-creator";
import { quietLog } from "../../quiet-log";
import { startPostgres } from "../../servers/postgres/postgres-server";
import { startRedis } from "../../servers/redis/redis-server";
import { startUpstash } from "../../stand-ins/upstash";
import { createTestApp } from "../create-test-app";
import { type Operator, operatorOf } from "./reshard-scene";

/** Factor for all longer waits. So a busy machine runs into no time limit, which would say nothing about the split. */
const PATIENCE = 15;
const patient = (ms: number) => (ms < 500 ? ms : ms * PATIENCE);
const patientClock: Clock = {
  now: () => systemClock.now(),
  monotonicMs: systemClock.monotonicMs,
  sleep: (ms, signal) => systemClock.sleep(patient(ms), signal),
  after: (ms, act) => systemClock.after(patient(ms), act),
};
const PATIENT_STORE = { readTimeoutMs: 60_000, writeTimeoutMs: 60_000 };

/** Delays messages and answers, as a distant network does. */
class DistantSubmitter implements Submitter {
  constructor(
    private readonly near: Submitter,
    private readonly maxMs: number,
  ) {}

  async submit(topicId: TopicId, message: Uint8Array, validStartNs?: bigint): Promise<Result<Submitted, SubmitError>> {
    await systemClock.sleep(Math.random() * this.maxMs);
    const sent = await this.near.submit(topicId, message, validStartNs);
    await systemClock.sleep(Math.random() * this.maxMs);
    return sent;
  }

  close(): Promise<void> {
    return this.near.close();
  }
}

export interface Instance {
  readonly app: App;
  ask(method: "GET" | "POST", path: string, userId: string, body?: object): Promise<Response>;
}

export interface SplitWorld {
  readonly devnet: Devnet;
  readonly instances: readonly Instance[];
  /** An operator's process with its own stores and Redis client. `fuse` decides where it dies. */
  operator(fuse?: () => "before" | "after" | null): Operator;
  /** The contact topics before the split, by segment. */
  readonly contacts: readonly TopicId[];
  /** A new instance over an empty database that syncs these topics from the start. */
  replay(topics: readonly TopicId[]): Promise<App>;
  close(): Promise<void>;
}

export interface SplitWorldOptions {
  readonly segments: number;
  readonly instances: number;
  /** Longest delay of a message to the ledger, and of its answer. */
  readonly distanceMs: number;
}

export async function startSplitWorld({ segments, instances, distanceMs }: SplitWorldOptions): Promise<SplitWorld> {
  const [postgres, redis, devnet] = await Promise.all([startPostgres(), startRedis(), startDevnet({ grpc: false })]);
  const upstash = await startUpstash({ redisPort: redis.port });
  const network = `split-${process.pid}-${Date.now()}`;
  const url = await postgres.createDatabase();
  const closers: (() => Promise<unknown>)[] = [];
  const contacts = [devnet.topics.contact, ...Array.from({ length: segments - 1 }, () => devnet.createTopic())];
  const { trust, recognition, profile } = devnet.topics;
  const tierOf = () =>
    openRedis({
      ...{ transport: new UpstashTransport(upstash), network, viewTtlMs: 3_600_000, clock: systemClock, log: quietLog },
      // A busy machine must not look like an outage.
      ...{ readTimeoutMs: 60_000, timeoutMs: 60_000 },
    });
  const appOver = async (stores: Stores, topicIds: readonly TopicId[], isShared: boolean): Promise<App> => {
    const app = createTestApp({
      devnet,
      shared: isShared ? tierOf() : null,
      stores,
      // The readers come from one address and ask as fast as they get answers, so limits are off.
      env: { MIRROR_RPS: "5000", RATE_LIMITS: "0" },
      network: {
        topics: registeredTopics({ contact: topicIds, trust: [trust], recognition: [recognition], profile: [profile] }),
        submitter: new DistantSubmitter(new DevnetSubmitter(devnet), distanceMs),
      },
      clock: patientClock,
    });
    closers.push(() => app.close());
    await app.openTopics();
    return app;
  };
  const instanceOver = (app: App): Instance => ({
    app,
    ask: async (method, path, userId, body) => {
      const target = new URL(path, "http://app.test");
      const route: AnyRoute = ROUTES[`${method} ${target.pathname}` as RouteName];
      const cookie = (await app.sessions.issue(userId as UserId)).split(";")[0] as string;
      const headers = { host: "app.test", cookie, ...(body ? { "content-type": "application/json" } : {}) };
      const request = new Request(target, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
      return answer(app, route, { request, params: {}, background: (work) => void work().catch(() => {}) });
    },
  });
  const open: Instance[] = [];
  for (let i = 0; i < instances; i += 1)
    open.push(instanceOver(await appOver(await openStore(openPg(url), network, PATIENT_STORE), contacts, true)));

  const operatorStores = await openStore(openPg(url, { maxConnections: 2 }), network);
  const operatorTier = tierOf();
  closers.push(
    () => operatorStores.close(),
    () => operatorTier.close(),
  );
  const creator = new DevnetTopicCreator(devnet);
  const scene = {
    devnet,
    store: operatorStores.registry,
    sync: operatorStores.sync,
    ledger: new MirrorLedger({ urls: [devnet.restUrl], clock: systemClock, reserve: async () => 0 }),
    clock: systemClock,
  };
  return {
    devnet,
    instances: open,
    contacts,
    operator: (fuse) =>
      operatorOf(scene, {
        creator,
        ...(fuse ? { fuse } : {}),
        announce: async ({ version }) => void (await operatorTier.hot.round([], { periodMs: 1 }, version)),
      }),
    replay: async (topics) => {
      const stores = await openStore(openPg(await postgres.createDatabase()), network);
      const app = await appOver(stores, topics, false);
      for (;;) {
        const reports = await app.scheduler.syncNow();
        if (reports.every(({ complete, added }) => complete && added === 0)) return app;
      }
    },
    close: async () => {
      for (const close of closers.reverse()) await close();
      await upstash.stop();
      await Promise.all([devnet.stop(), redis.stop(), postgres.stop()]);
    },
  };
}
