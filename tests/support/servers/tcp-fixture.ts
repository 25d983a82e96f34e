/** A real Redis over TCP for one test file: one server, or a cluster. Each test has its own network name, and so its own keys. */
import { afterAll, beforeAll } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { RedisClient } from "@/lib/adapters/redis/client/client";
import { CLUSTER_PARTITIONS, Keys } from "@/lib/adapters/redis/client/keys";
import { openRedis, type RedisTier } from "@/lib/adapters/redis/open-redis";
import { redisAddresses } from "@/lib/adapters/redis/tcp/addresses";
import { TcpTransport } from "@/lib/adapters/redis/tcp/tcp-transport";
import type { Clock } from "@/lib/ports/clock";
import { quietLog } from "../quiet-log";
import { age } from "../stand-ins/upstash-time";
import { type RedisCluster, startRedisCluster } from "./redis/redis-cluster";
import { type RedisServer, startRedis } from "./redis/redis-server";
import { type Command, type Reply, RespConnection } from "./redis/resp";

export const TCP_SET_UPS = ["one server", "a cluster of three"] as const;
export type TcpSetUp = (typeof TCP_SET_UPS)[number];

/** A busy machine is no outage. */
const PATIENT = { readTimeoutMs: 10_000, timeoutMs: 10_000 };

export interface TcpFixture {
  readonly url: string;
  /** Null for one server. */
  readonly cluster: RedisCluster | null;
  /** Direct connections, one to each server. */
  readonly servers: readonly Pick<RespConnection, "send">[];
  keys(network: string): Keys;
  client(): RedisClient;
  tier(network: string, clock?: Clock): RedisTier;
  /** Lets `ms` pass for all keys of a network (upstash-time.ts). */
  age(network: string, ms: number): Promise<void>;
  /** Closes the clients and tiers of the test. */
  closeAll(): Promise<void>;
}

/** Call it once at the top of a file or a `describe`. Its members exist from the first test on. */
export function tcpFixture(setUp: TcpSetUp, { hasReplicas = false } = {}): TcpFixture {
  const opened: { close(): Promise<void> }[] = [];
  let server: RedisServer | null = null;
  const fixture = {} as { url: string; cluster: RedisCluster | null; servers: readonly Pick<RespConnection, "send">[] };
  const transport = () => new TcpTransport(redisAddresses(fixture.url));
  const kept = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(one);
    return one;
  };
  const closeAll = async () => void (await Promise.all(opened.splice(0).map((one) => one.close())));
  beforeAll(async () => {
    if (setUp === "one server") {
      server = await startRedis();
      const connection = await RespConnection.open(server.port);
      Object.assign(fixture, { url: server.url, cluster: null, servers: [connection] });
      return;
    }
    const cluster = await startRedisCluster({ hasReplicas });
    const servers = cluster.masters.map(({ send }) => ({
      send: (commands: readonly Command[]): Promise<Reply[]> =>
        Promise.all(commands.map((command) => send(...command))),
    }));
    Object.assign(fixture, { url: cluster.url, cluster, servers });
  });
  afterAll(async () => {
    await closeAll();
    await server?.stop();
    await fixture.cluster?.stop();
  });
  return Object.assign(fixture, {
    keys: (network: string) => new Keys(network, undefined, fixture.cluster === null ? 1 : CLUSTER_PARTITIONS),
    client: () => kept(new RedisClient({ transport: transport(), clock: systemClock, ...PATIENT })),
    tier: (network: string, clock: Clock = systemClock) =>
      kept(openRedis({ transport: transport(), network, viewTtlMs: 60_000, clock, log: quietLog, ...PATIENT })),
    age: async (network: string, ms: number) =>
      void (await Promise.all(fixture.servers.map((each) => age(each, network, ms)))),
    closeAll,
  });
}
