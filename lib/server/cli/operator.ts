import "server-only";
/** The parts of `npm run shards`: the same database, Redis, mirror and key as the instances, in a process of its own. */
import { MemoryEventBus } from "../../adapters/memory/memory-event-bus";
import { systemClock } from "../../adapters/memory/system-clock";
import { MirrorLedger } from "../../adapters/mirror/mirror-ledger";
import { RegistryCache } from "../../engine/shards/registry-cache";
import type { TopicCreator } from "../../ports/ledger/topic-creator";
import type { Log } from "../../ports/log";
import type { AdminStore } from "../../ports/store/admin-store";
import type { ShardRegistry } from "../../ports/store/shard-registry";
import { openShards, type Shards } from "../admin/shards";
import { openShared, openStoresOfCommand } from "../boot/open";
import type { Env } from "../config/env";
import { openNetwork } from "../config/network";
import { Metrics } from "../observe/metrics";

export interface OperatorTools {
  readonly registry: ShardRegistry;
  /** The operator log. */
  readonly admin: AdminStore;
  readonly shards: Shards;
  readonly creator: TopicCreator | null;
  close(): Promise<void>;
}

/** The embedded set-up has no place for a second process: there the app itself is asked. */
class NeedsApp extends Error {
  override readonly name = "NeedsApp";
  constructor() {
    super(
      "On the embedded devnet and database the app itself must do this: start it, and name it with --app http://127.0.0.1:3000 (ADMIN_TOKEN says who asks).",
    );
  }
}

/** Throws NeedsApp where the environment leaves nothing to work with. */
export async function openOperator(env: Env, log: Log): Promise<OperatorTools> {
  if (env.isDevnet || env.DATABASE_URL === undefined) throw new NeedsApp();
  const metrics = new Metrics();
  // How an instance should be configured is for instances to say.
  const mute = { info: () => {}, warn: () => {}, error: log.error };
  const [network, stores] = await Promise.all([openNetwork(env, mute), openStoresOfCommand(env)]);
  const shared = openShared(env, log, metrics);
  const { submitter, creator = null, trustedPayers, mirrorUrls } = network;
  const shards = openShards({
    ...{ stores, submitter, creator, trustedPayers, log, clock: systemClock },
    bus: shared?.bus ?? new MemoryEventBus(),
    // A few questions of an operator: they need no share of the budget.
    ledger: new MirrorLedger({ urls: mirrorUrls, clock: systemClock, reserve: async () => 0 }),
    ...{ registryTopic: env.REGISTRY_TOPIC, mayStayUnpublished: env.isDevnet, prefix: env.TOPIC_PREFIX },
  });
  // This may be a deployment's first start, so the registry begins here with the configured topics.
  const published = await shards.published();
  await new RegistryCache({
    ...{ store: stores.registry, configured: network.topics, isShared: shared !== null, clock: systemClock, log },
  }).open(published.ok ? published.value : []);
  return {
    registry: stores.registry,
    admin: stores.admin,
    shards,
    creator,
    close: async () => {
      await shared?.close();
      await network.close();
      await stores.close();
    },
  };
}
