/**
 * Two instances over one Redis (behind Upstash's protocol), one PostgreSQL (behind a proxy) and the devnet's mirror. A test can make
 * each of the three fail.
 */

import { expect } from "vitest";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore } from "@/lib/adapters/postgres/store";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { openRedis, type RedisTier } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { UserId } from "@/lib/core/ledger/ids";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import type { App } from "@/lib/server/boot/app";
import type { AnyRoute } from "@/lib/server/http/route";
import { ROUTES, type RouteName } from "@/lib/server/routes/table";
import type { SignalsAnswer } from "@/lib/wire/signals";
import { answer } from "../../contract/web-answer";
import { LeapingClock } from "../../control/leaping-clock";
import { DevnetSubmitter } from "../../mirrors/devnet-submitter";
import { quietLog } from "../../quiet-log";
import { type PostgresProxy, startPostgresProxy } from "../../servers/postgres/postgres-proxy";
import { type PostgresServer, startPostgres } from "../../servers/postgres/postgres-server";
import { type RedisServer, startRedis } from "../../servers/redis/redis-server";
import { RespConnection } from "../../servers/redis/resp";
import { SseReader } from "../../sse";
import { startUpstash, type UpstashStandIn } from "../../stand-ins/upstash";
import { createTestApp } from "../create-test-app";
import { METRICS_TOKEN } from "../told-codes";

/** The reader. She gets contact requests from the ledger. */
const ALICE = "tm-alice";
/** The writer. */
export const CAROL = "tm-carol";
/** Freshness target. Rounds use Redis' own clock, which does not leap, so at most one round comes in this time. */
const TARGET_MS = 1_000;
/** After this leap most back-offs are over, views in memory are outdated, and circuit breakers are half-open. */
const LEAP_MS = 15_000;

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly userId?: string;
}

export class Instance {
  constructor(
    readonly app: App,
    readonly tier: RedisTier,
    readonly submitter: DevnetSubmitter,
    /** Lines that were logged, level in front. */
    readonly logged: readonly string[] = [],
  ) {}

  async ask(method: "GET" | "POST", path: string, { headers = {}, body, userId = ALICE }: Ask = {}): Promise<Response> {
    const url = new URL(path, "http://app.test");
    const route: AnyRoute = ROUTES[`${method} ${url.pathname}` as RouteName];
    const cookie = (await this.app.sessions.issue(userId as UserId)).split(";")[0] as string;
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const request = new Request(url, {
      method,
      headers: new Headers({ host: "app.test", cookie, ...json, ...headers } as Record<string, string>),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answer(this.app, route, { request, params: {}, background: (work) => void work().catch(() => {}) });
  }

  /** A user's signals, oldest first, with the answer's status and headers. */
  async signals(userId = ALICE): Promise<Signals> {
    return signalsOf(await this.ask("GET", "/api/signals", { userId }));
  }

  async sync(): Promise<Response> {
    return this.ask("POST", "/api/sync", { body: {} });
  }

  async submit(body: object, headers: Readonly<Record<string, string>> = {}): Promise<Submitted> {
    const response = await this.ask("POST", "/api/hcs/submit", { body, headers, userId: CAROL });
    const { code = null, detail = null } = (await response.json()) as { code?: string; detail?: string };
    return { status: response.status, code, detail, retryAfter: response.headers.get("retry-after") };
  }

  async stream(lastEventId?: number): Promise<SseReader> {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) };
    return new SseReader(await this.ask("GET", "/api/stream", { headers }));
  }
}

export interface Signals {
  readonly status: number;
  readonly actors: readonly string[];
  readonly positions: readonly number[];
  readonly isStale: boolean | null;
  readonly cacheStatus: string | null;
  readonly retryAfter: string | null;
  /** The problem's code. Null for an answer of 200. */
  readonly code: string | null;
  readonly detail: string | null;
}

export interface Submitted {
  readonly status: number;
  readonly code: string | null;
  readonly detail: string | null;
  readonly retryAfter: string | null;
}

async function signalsOf(response: Response): Promise<Signals> {
  const body = (await response.json()) as Partial<SignalsAnswer> & { code?: string; detail?: string };
  const items = [...(body.items ?? [])].reverse();
  return {
    status: response.status,
    actors: items.map(({ actor }) => String(actor)),
    positions: items.map(({ position }) => position),
    isStale: body.stale ?? null,
    cacheStatus: response.headers.get("cache-status"),
    retryAfter: response.headers.get("retry-after"),
    code: body.code ?? null,
    detail: body.detail ?? null,
  };
}

/** The world of one test. At first all tiers are healthy, and the ledger has no messages. */
export class World {
  readonly streams: SseReader[] = [];
  private nonce = 0;
  private sent = 0;

  constructor(
    readonly clock: LeapingClock,
    readonly devnet: Devnet,
    readonly redis: UpstashStandIn,
    readonly postgres: PostgresProxy,
    /** The database server behind the proxy. */
    readonly server: PostgresServer,
    /** Addresses of this test's data in Redis and PostgreSQL, for tests that restore older data. */
    readonly stored: { readonly network: string; readonly redisPort: number; readonly databaseUrl: string },
    readonly a: Instance,
    readonly b: Instance,
  ) {}

  /** Writes contact requests to Alice to the ledger. The senders are tm-1, tm-2, … */
  write(count = 1): void {
    for (let i = 0; i < count; i += 1) {
      this.sent += 1;
      this.devnet.submit(this.devnet.topics.contact, { type: "CONTACT_REQUEST", from: `tm-${this.sent}`, to: ALICE });
    }
  }

  get people(): readonly string[] {
    return Array.from({ length: this.sent }, (_, i) => `tm-${i + 1}`);
  }

  /** Writes, syncs on `a`, and waits until both instances show the messages. */
  async settled(count = 1): Promise<void> {
    this.write(count);
    await this.a.sync();
    for (const instance of [this.a, this.b]) {
      await this.eventually(async () => (await instance.signals()).actors).toEqual(this.people);
    }
  }

  /** A new envelope of Carol, with its own nonce. */
  envelope(type = "CONTACT_REQUEST", target = `tm-t${this.nonce + 1}`): object {
    this.nonce += 1;
    const ts = Math.floor(this.clock.now() / 1_000);
    return { type, from: CAROL, nonce: this.nonce, ts, payload: { target } };
  }

  /** Number of Carol's messages on the ledger. */
  get written(): number {
    return [this.a, this.b].reduce((sum, { submitter }) => sum + submitter.submitted.length, 0);
  }

  /** A stream. Without `lastEventId` it begins now, so this waits until the instance has read where now is: its first event. */
  async open(instance: Instance, lastEventId?: number): Promise<SseReader> {
    const reader = await instance.stream(lastEventId);
    this.streams.push(reader);
    if (lastEventId === undefined) await this.eventually(() => reader.events.length, false).toBeGreaterThan(0);
    return reader;
  }

  leap(ms = LEAP_MS): void {
    this.clock.leap(ms);
  }

  /** Leaps and reads until memory does not answer. A load that started before the leap may have filled memory again. */
  async readPastMemory(instance: Instance, ms = LEAP_MS): Promise<Signals> {
    for (;;) {
      this.leap(ms);
      const read = await instance.signals();
      if (!read.cacheStatus?.startsWith("l1; hit")) return read;
    }
  }

  /** Polls `check`. Between two polls the clock leaps, so that back-offs pass. */
  eventually<T>(check: () => T | Promise<T>, isLeaping = true) {
    const step = () => {
      if (isLeaping) this.leap(2_000);
      return check();
    };
    return expect.poll(step, { timeout: 120_000, interval: 50 });
  }

  /** Expects a recovery without help: no message lost or doubled, no outdated copy served, all circuit breakers closed. */
  async recovers(): Promise<void> {
    const expected = this.people.map((_, i) => i + 1);
    for (const instance of [this.a, this.b]) {
      await this.eventually(async () => {
        const { actors, positions } = await instance.signals();
        return { actors, positions };
      }).toEqual({ actors: this.people, positions: expected });
      let strangers = 0;
      await this.eventually(async () => {
        // A breaker closes at the next statement that it admits, and only a person without a cached view needs one.
        strangers += 1;
        await instance.signals(`tm-stranger-${strangers}`);
        const mirrors = instance.app.ledger.states().map(({ circuit }) => circuit);
        return [instance.tier.stats().circuit, instance.app.stores.stats().circuit, ...mirrors];
      }).toEqual(["closed", "closed", "closed"]);
      // A leap would make every answer look old.
      await this.eventually(async () => (await instance.signals()).isStale, false).toBe(false);
    }
  }

  /** Expects that the stream has every signal once and in order, and is still open. */
  async streamsAll(reader: SseReader): Promise<void> {
    const ids = () => reader.of("signal").map(({ id }) => id);
    await this.eventually(ids).toEqual(this.people.map((_, i) => i + 1));
    expect(reader.of("signal").map(({ data }) => data.actor)).toEqual(this.people);
    expect(reader.isEnded).toBe(false);
  }
}

/** The servers of a test file, and a world for each test. */
export class OutageWorld {
  private postgres: PostgresServer | null = null;
  private redis: RedisServer | null = null;
  private upstash: UpstashStandIn | null = null;
  private proxy: PostgresProxy | null = null;
  private count = 0;

  async open(): Promise<void> {
    [this.postgres, this.redis] = await Promise.all([startPostgres(), startRedis()]);
    this.upstash = await startUpstash({ redisPort: this.redis.port });
    this.proxy = await startPostgresProxy({ postgresUrl: this.postgres.url });
  }

  async close(): Promise<void> {
    await Promise.all([this.upstash?.stop(), this.proxy?.stop()]);
    await Promise.all([this.postgres?.stop(), this.redis?.stop()]);
  }

  async run(prove: (world: World) => Promise<void>): Promise<void> {
    const { postgres, redis, upstash, proxy } = this;
    if (!postgres || !redis || !upstash || !proxy) throw new Error("call open() before run()");
    this.count += 1;
    const databaseUrl = await postgres.createDatabase();
    const url = new URL(databaseUrl);
    url.port = String(proxy.port);
    const network = `outage-${process.pid}-${this.count}`;
    const clock = new LeapingClock();
    const devnet = await startDevnet({ grpc: false, now: () => clock.now() });
    const a = await startInstance(url.href, network, clock, devnet, upstash);
    const b = await startInstance(url.href, network, clock, devnet, upstash);
    const stored = { network, redisPort: redis.port, databaseUrl };
    await giveRedisLongHistory(redis.port, network);
    const world = new World(clock, devnet, upstash, proxy, postgres, stored, a, b);
    try {
      await prove(world);
    } finally {
      await Promise.all([upstash.faults.clear(), proxy.faults.clear()]);
      devnet.faults.clear();
      await Promise.all(world.streams.map((reader) => reader.cancel()));
      await Promise.all([a.app.close(), b.app.close()]);
      await devnet.stop();
    }
  }
}

/** Makes Redis look as if it had run since long before the test. So it would know of every earlier attempt of a write. */
async function giveRedisLongHistory(redisPort: number, network: string): Promise<void> {
  const redis = await RespConnection.open(redisPort);
  await redis.send([["HSET", new Keys(network).everybody.history, "since", "1000"]]);
  redis.close();
}

async function startInstance(
  databaseUrl: string,
  network: string,
  clock: LeapingClock,
  devnet: Devnet,
  upstash: UpstashStandIn,
): Promise<Instance> {
  const opened = await openStore(openPg(databaseUrl, { maxConnections: 4 }), network, { now: () => clock.now() });
  const tier = openRedis({
    ...{ transport: new UpstashTransport(upstash), network, clock, log: quietLog },
    viewTtlMs: 3_600_000,
  });
  const submitter = new DevnetSubmitter(devnet);
  const logged: string[] = [];
  const line = (level: string) => (message: string) => void logged.push(`${level}: ${message}`);
  const app = createTestApp({
    devnet,
    shared: tier,
    stores: opened,
    env: {
      METRICS_TOKEN,
      FRESHNESS_TARGET_MS: String(TARGET_MS),
      MIRROR_RPS: "1000",
      STREAM_MAX_S: "86400",
    },
    network: { submitter },
    log: { info: line("info"), warn: line("warn"), error: line("error") },
    clock,
  });
  await app.openTopics();
  return new Instance(app, tier, submitter, logged);
}
