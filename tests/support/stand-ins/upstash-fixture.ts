/** A real Redis behind Upstash's protocol for one test file, and adapters over it with names of their own in each test. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { UpstashClient, type UpstashClientOptions } from "@/lib/adapters/upstash/client/client";
import { type RedisServer, startRedis } from "../servers/redis-server";
import { RespConnection } from "../servers/resp";
import { startUpstash, type UpstashStandIn } from "./upstash";

export interface UpstashFixture {
  readonly upstash: UpstashStandIn;
  readonly server: RedisServer;
  /** Straight to Redis: neither counted nor faulty. */
  readonly redis: RespConnection;
  /** Everything in Redis is lost. */
  restartRedis(): Promise<void>;
  /** With timeouts that noise does not reach, unless the test has its own. */
  client(options?: Partial<UpstashClientOptions>): UpstashClient;
}

/** Called once at the top of a file; what it returns is there from the first test on. */
export function upstashFixture(): UpstashFixture {
  const fixture = {} as { upstash: UpstashStandIn; server: RedisServer; redis: RespConnection };
  beforeAll(async () => {
    fixture.server = await startRedis();
    fixture.upstash = await startUpstash({ redisPort: fixture.server.port });
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
    client: (options: Partial<UpstashClientOptions> = {}) =>
      new UpstashClient({
        url: fixture.upstash.url,
        token: fixture.upstash.token,
        clock: systemClock,
        readTimeoutMs: 10_000,
        timeoutMs: 10_000,
        ...options,
      }),
  });
}

/** A network that no other test has. */
export const newNetwork = (): string => `t-${randomUUID().slice(0, 13)}`;
