/** A whole set-up in this process: several instances over one Redis (behind Upstash's protocol), one PostgreSQL and one devnet. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { openStore } from "@/lib/adapters/postgres/store";
import { openRedis, type RedisTier } from "@/lib/adapters/redis/open-redis";
import { UpstashTransport } from "@/lib/adapters/redis/upstash/upstash-transport";
import { type Devnet, startDevnet } from "@/lib/devnet/devnet";
import { createApp } from "@/lib/server/boot/container";
import { readEnv } from "@/lib/server/config/env";
import { registeredTopics } from "@/lib/server/config/network";
import { DevnetSubmitter } from "@/tests/support/mirrors/devnet-submitter";
import { type PostgresServer, startPostgres } from "@/tests/support/servers/postgres/postgres-server";
import { rememberLong } from "@/tests/support/servers/redis/long-memory";
import { type RedisServer, startRedis } from "@/tests/support/servers/redis/redis-server";
import { purposeOfScript } from "@/tests/support/stand-ins/script-purpose";
import { startUpstash, type UpstashStandIn } from "@/tests/support/stand-ins/upstash";
import { addTopics } from "@/tests/support/stores/add-topics";
import { type AppServer, serveApp } from "./app-server";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

export interface Instance {
  readonly server: AppServer;
  readonly tier: RedisTier;
  /** Users named in commit events that reached this process. */
  readonly told: { users: number };
  close(): Promise<void>;
}

export class SetUp {
  statements = 0;
  private databases = 0;

  private constructor(
    private readonly postgres: PostgresServer,
    private readonly redis: RedisServer,
    readonly upstash: UpstashStandIn,
  ) {}

  static async start(): Promise<SetUp> {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    return new SetUp(postgres, redis, await startUpstash({ redisPort: redis.port, purposeOf: purposeOfScript }));
  }

  /** Instances of a new network with its own devnet and database, with the server's defaults but for `env`. */
  async network(
    count: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ devnet: Devnet; instances: readonly Instance[]; close(): Promise<void> }> {
    this.databases += 1;
    const name = `bench${process.pid}-${this.databases}`;
    const [devnet, url] = await Promise.all([startDevnet({ grpc: false }), this.postgres.createDatabase()]);
    const instances: Instance[] = [];
    for (let i = 0; i < count; i += 1) instances.push(await this.instance(name, url, devnet, env));
    await rememberLong(this.redis, name);
    return {
      devnet,
      instances,
      close: async () => {
        await Promise.all(instances.map((instance) => instance.close()));
        await devnet.stop();
      },
    };
  }

  private async instance(
    network: string,
    databaseUrl: string,
    devnet: Devnet,
    env: Readonly<Record<string, string>>,
  ): Promise<Instance> {
    const transport = new UpstashTransport(this.upstash);
    const tier = openRedis({ transport, network, viewTtlMs: 3_600_000, clock: systemClock, log: quiet });
    const database = openPg(databaseUrl);
    const stores = await openStore(
      {
        ...database,
        ask: (statement, timeoutMs) => {
          this.statements += 1;
          return database.ask(statement, timeoutMs);
        },
      },
      network,
    );
    const { contact, trust, recognition, profile } = devnet.topics;
    const topics = registeredTopics({
      contact: [contact],
      trust: [trust],
      recognition: [recognition],
      profile: [profile],
    });
    const app = createApp({
      env: readEnv({ SESSION_SECRET: "a secret of the bench that is long enough to be one", ...env }),
      shared: tier,
      stores,
      network: {
        mirrorUrls: [devnet.restUrl],
        topics,
        trustedPayers: new Set([devnet.operatorId]),
        submitter: new DevnetSubmitter(devnet),
        people: [],
        close: async () => {},
      },
      log: quiet,
    });
    await addTopics(stores.registry, topics);
    await app.scheduler.syncNow();
    const told = { users: 0 };
    tier.bus.subscribe({
      onEvent: (event) => {
        if (event.type === "commit") told.users += event.users.length + event.renamed.length;
      },
    });
    const server = await serveApp(app);
    return {
      ...{ server, tier, told },
      close: async () => {
        await app.close();
        await server.stop();
      },
    };
  }

  async stop(): Promise<void> {
    await this.upstash.stop();
    await Promise.all([this.redis.stop(), this.postgres.stop()]);
  }
}
