/** Redis (L2) as a whole: one client, and the ports over it. */
import { randomUUID } from "node:crypto";
import type { CacheStrategies } from "../../core/cache-strategy";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import { UpstashClient, type UpstashClientOptions, type UpstashClientStats } from "./client/client";
import { Keys } from "./client/keys";
import { type EventBusStats, UpstashEventBus } from "./events/event-bus";
import { History } from "./history";
import { UpstashHotCache } from "./hot-cache";
import { UpstashInstanceReports } from "./instance-reports";
import { type Keeping, readKeeping } from "./keeping";
import { UpstashViewCache } from "./view-cache";
import { UpstashWriteFence } from "./write-fence";

export interface UpstashOptions extends UpstashClientOptions {
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

export interface UpstashTier {
  readonly hot: UpstashHotCache;
  readonly views: UpstashViewCache;
  readonly bus: UpstashEventBus;
  readonly reports: UpstashInstanceReports;
  readonly fence: UpstashWriteFence;
  stats(): UpstashClientStats & { readonly bus: EventBusStats };
  /** Whether Redis keeps what it is given. One command. */
  keeping(): Promise<Keeping>;
  close(): Promise<void>;
}

/** Sends nothing yet: the first command connects. */
export function openUpstash(options: UpstashOptions): UpstashTier {
  return tierOver(new UpstashClient(options), options);
}

/** The same tier over an existing client. */
export function tierOver(
  client: Pick<UpstashClient, "eval" | "subscribe" | "stats">,
  { network, viewVariant, viewTtlMs, strategies, clock, log, random }: Omit<UpstashOptions, "url" | "token">,
): UpstashTier {
  const keys = new Keys(network, viewVariant);
  const instanceId = randomUUID();
  const history = new History();
  const bus = new UpstashEventBus({ client, keys, history, instanceId, viewTtlMs, clock, log, random });
  return {
    bus,
    fence: new UpstashWriteFence(client, keys),
    views: new UpstashViewCache({
      commands: client,
      keys,
      instanceId,
      ttlMs: viewTtlMs,
      strategies,
      history,
      settled: (id) => bus.settled(id),
    }),
    hot: new UpstashHotCache({
      ...{ commands: client, keys, history },
      onSequence: (sequence) => bus.hear(sequence),
    }),
    reports: new UpstashInstanceReports({ commands: client, keys }),
    stats: () => ({ ...client.stats(), bus: bus.stats() }),
    keeping: () => readKeeping(client),
    close: () => bus.close(),
  };
}
