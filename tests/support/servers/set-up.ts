/**
 * The three set-ups for tests of a whole app. TEST_SETUP chooses one: `embedded` (PGlite, no Redis), `containers` (PostgreSQL over
 * TCP, Redis over TCP) or `vercel` (Neon over HTTP, Redis behind Upstash's protocol). The servers start once for a run (set-up-servers.ts).
 */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import type { Database } from "@/lib/adapters/postgres/drivers/database";
import { openDatabase } from "@/lib/adapters/postgres/drivers/open";
import { openPglite } from "@/lib/adapters/postgres/drivers/pglite";
import type { Commands } from "@/lib/adapters/redis/client/client";
import { RedisClient } from "@/lib/adapters/redis/client/client";
import { type RedisTier, tierOver } from "@/lib/adapters/redis/open-redis";
import { redisAddresses } from "@/lib/adapters/redis/tcp/addresses";
import { TcpTransport } from "@/lib/adapters/redis/tcp/tcp-transport";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import type { Log } from "@/lib/ports/log";
import type { DrivenClock } from "../control/driven-clock";
import { busy } from "../control/event-loop";
import { age, withClock } from "../stand-ins/upstash-time";
import { RespConnection } from "./redis/resp";

const SET_UPS = ["embedded", "containers", "vercel"] as const;
export type SetUp = (typeof SET_UPS)[number];

/** Addresses of the servers of `containers` and `vercel`. */
export interface SetUpServers {
  readonly postgresUrl: string;
  readonly neonUrl: string;
  readonly redisPort: number;
  readonly upstash: { readonly url: string; readonly token: string };
}

export function setUpOf(env: Readonly<Record<string, string | undefined>>): SetUp {
  const name = env.TEST_SETUP ?? "embedded";
  const known = SET_UPS.find((each) => each === name);
  if (known === undefined) throw new Error(`TEST_SETUP is ${name}: it must be one of ${SET_UPS.join(", ")}`);
  return known;
}

export const SET_UP = setUpOf(process.env);

async function servers(): Promise<SetUpServers> {
  const { inject } = await import("vitest");
  return inject("setUpServers");
}

/** Opens a new database. A driven clock waits for its statements (`busy`). */
export async function openTestDatabase(): Promise<Database> {
  if (SET_UP === "embedded") return openPglite({ memory: true });
  const { postgresUrl, neonUrl } = await servers();
  const name = `t_${randomUUID().replaceAll("-", "")}`;
  const admin = new pg.Client(postgresUrl);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  const isNeon = SET_UP === "vercel";
  const endpoint = isNeon ? { endpoint: `${neonUrl}/sql` } : {};
  const db = await openDatabase({ url: url.href, driver: isNeon ? "neon-http" : "pg", ...endpoint });
  return { ...db, ask: (statement, timeoutMs) => busy(db.ask(statement, timeoutMs)) };
}

/** Opens Redis on the test's clock. Null in the embedded set-up, which has no Redis. */
export async function openTestShared(clock: DrivenClock, log: Log): Promise<RedisTier | null> {
  if (SET_UP === "embedded") return null;
  const { upstash, redisPort } = await servers();
  const network = `t-${randomUUID().slice(0, 13)}`;
  const redis = await RespConnection.open(redisPort);
  // The client waits for Redis in real time. Only the entries follow the test's clock.
  const client = new RedisClient({
    transport:
      SET_UP === "containers"
        ? new TcpTransport(redisAddresses(`redis://127.0.0.1:${redisPort}`))
        : new UpstashTransport(upstash),
    clock: systemClock,
    readTimeoutMs: 10_000,
    timeoutMs: 10_000,
  });
  const driven = withClock(client, clock);
  const commands: Commands = { eval: (...args) => busy(driven.eval(...args)) };
  const subscribe: RedisClient["subscribe"] = (...args) => client.subscribe(...args);
  const stats: RedisClient["stats"] = () => client.stats();
  const close: RedisClient["close"] = () => client.close();
  const tier = tierOver(
    { ...commands, subscribe, stats, close },
    { network, viewTtlMs: 3_600_000, clock: systemClock, log },
  );
  clock.onAdvance = (ms) => age(redis, network, ms);
  return {
    ...tier,
    close: async () => {
      clock.onAdvance = null;
      await tier.close();
      redis.close();
    },
  };
}
