/** The services that a fleet shares: PostgreSQL behind a proxy that counts, Redis behind Upstash's protocol, one mirror. */
import { type Devnet, type DevnetOptions, startDevnet } from "@/lib/devnet/devnet";
import { type PostgresProxy, startPostgresProxy } from "../servers/postgres/postgres-proxy";
import { type PostgresServer, startPostgres } from "../servers/postgres/postgres-server";
import { type RedisServer, startRedis } from "../servers/redis/redis-server";
import { purposeOfScript } from "../stand-ins/script-purpose";
import { startUpstash, type UpstashStandIn } from "../stand-ins/upstash";

export interface FleetServices {
  readonly postgres: PostgresServer;
  /** Counts statements. It costs a hop. */
  readonly proxy: PostgresProxy;
  readonly redis: RedisServer;
  /** Counts commands by purpose. */
  readonly upstash: UpstashStandIn;
  readonly devnet: Devnet;
  stop(): Promise<void>;
}

export async function startServices(devnetOptions: DevnetOptions = {}): Promise<FleetServices> {
  const [postgres, redis, devnet] = await Promise.all([
    startPostgres(),
    startRedis(),
    startDevnet({ grpc: false, ...devnetOptions }),
  ]);
  const upstash = await startUpstash({ redisPort: redis.port, purposeOf: purposeOfScript });
  const proxy = await startPostgresProxy({ postgresUrl: postgres.url });
  return {
    ...{ postgres, proxy, redis, upstash, devnet },
    async stop() {
      await Promise.all([upstash.stop(), proxy.stop(), devnet.stop()]);
      await Promise.all([postgres.stop(), redis.stop()]);
    },
  };
}
