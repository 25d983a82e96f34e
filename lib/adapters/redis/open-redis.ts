/** Redis (L2) as a whole: one client, and the ports over it. */
import { randomUUID } from "node:crypto";
import type { CacheStrategies } from "../../core/cache-strategy";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import { RedisClient, type RedisClientOptions, type RedisClientStats } from "./client/client";
import { CLUSTER_PARTITIONS, Keys } from "./client/keys";
import { type EventBusStats, RedisEventBus } from "./events/event-bus";
import { History } from "./history";
import { RedisHotCache } from "./hot-cache";
import { RedisInstanceReports } from "./instance-reports";
import { type NodesPersistence, readPersistence } from "./persistence";
import { RedisViewCache } from "./view-cache";
import { RedisWriteGuard } from "./write-guard";

export interface RedisOptions extends RedisClientOptions {
  /** Instances of one network share everything. Networks share nothing. */
  readonly network: string;
  /** Views of another variant have other keys. */
  readonly viewVariant?: string | undefined;
  /** How long a view is kept that nobody reads. */
  readonly viewTtlMs: number;
  /** Absent: the default strategies with that time. */
  readonly strategies?: CacheStrategies;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TierOptions extends Omit<RedisOptions, "transport"> {
  /** Absent: one, as for a Redis that is not a cluster. */
  readonly partitions?: number;
}

export interface RedisTier {
  readonly hot: RedisHotCache;
  readonly views: RedisViewCache;
  readonly bus: RedisEventBus;
  readonly reports: RedisInstanceReports;
  readonly guard: RedisWriteGuard;
  stats(): RedisClientStats & { readonly bus: EventBusStats };
  /** Whether Redis keeps what it is given. One command for each partition. */
  persistence(): Promise<NodesPersistence>;
  close(): Promise<void>;
}

/** Sends nothing yet: the first command connects. */
export function openRedis(options: RedisOptions): RedisTier {
  const partitions = options.transport.isCluster ? CLUSTER_PARTITIONS : 1;
  return tierOver(new RedisClient(options), { ...options, partitions });
}

/** The same tier over an existing client. */
export function tierOver(
  client: Pick<RedisClient, "eval" | "subscribe" | "stats" | "close">,
  { network, viewVariant, viewTtlMs, strategies, clock, log, random, partitions }: TierOptions,
): RedisTier {
  const keys = new Keys(network, viewVariant, partitions);
  const instanceId = randomUUID();
  const history = new History(partitions);
  const bus = new RedisEventBus({ client, keys, history, instanceId, viewTtlMs, clock, log, random });
  return {
    bus,
    guard: new RedisWriteGuard(client, keys, history),
    views: new RedisViewCache({
      commands: client,
      keys,
      instanceId,
      ttlMs: viewTtlMs,
      strategies,
      history,
      settled: (id) => bus.settled(id),
    }),
    hot: new RedisHotCache({
      ...{ commands: client, keys, history },
      onSequence: (sequence) => bus.hear(sequence),
    }),
    reports: new RedisInstanceReports({ commands: client, keys }),
    stats: () => ({ ...client.stats(), bus: bus.stats() }),
    persistence: () => readPersistence(client, keys),
    close: async () => {
      await bus.close();
      await client.close();
    },
  };
}
