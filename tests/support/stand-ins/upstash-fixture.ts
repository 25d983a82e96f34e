/** A real Redis behind Upstash's protocol for one test file. Each test has its own network name, and so its own keys. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { RedisClient, type RedisClientOptions } from "@/lib/adapters/redis/client/client";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import { type RedisServer, startRedis } from "../servers/redis/redis-server";
import { RespConnection } from "../servers/redis/resp";
import { startUpstash, type UpstashStandIn } from "./upstash";

export interface UpstashFixture {
  readonly upstash: UpstashStandIn;
  readonly server: RedisServer;
  /** Direct connection to Redis, without counters and faults. */
  readonly redis: RespConnection;
  /** Restarts Redis empty. */
  restartRedis(): Promise<void>;
  /** A client with timeouts that a busy machine does not reach, unless the test sets others. */
  client(options?: Partial<RedisClientOptions>): RedisClient;
}

/** Call it once at the top of a file. Its members exist from the first test on. */
export function upstashFixture(): UpstashFixture {
  const fixture = {} as { upstash: UpstashStandIn; server: RedisServer; redis: RespConnection };
  beforeAll(async () => {
    fixture.server = await startRedis();
    fixture.upstash = await startUpstash({ redisPort: fixture.server.port, checksKeys: true });
    fixture.redis = await RespConnection.open(fixture.server.port);
  });
  afterEach(() => fixture.upstash.faults.clear());
  afterAll(async () => {
    fixture.redis.close();
    await fixture.upstash.stop();
    await fixture.server.stop();
  });
  return Object.assign(fixture, {
    restartRedis: async () => {
      await fixture.server.restart();
      fixture.redis = await RespConnection.open(fixture.server.port);
    },
    client: (options: Partial<RedisClientOptions> = {}) =>
      new RedisClient({
        transport: new UpstashTransport(fixture.upstash),
        clock: systemClock,
        readTimeoutMs: 10_000,
        timeoutMs: 10_000,
        ...options,
      }),
  });
}

/** A network name that no other test has. */
export const newNetwork = (): string => `t-${randomUUID().slice(0, 13)}`;
