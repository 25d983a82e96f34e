import "server-only";
/** The parts of `npm run shards`: the instances' database, Redis, mirror and key, opened in a separate process. */
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

/** The embedded set-up has no room for a second process, so the command must ask the app. */
class NeedsApp extends Error {
  override readonly name = "NeedsApp";
  constructor({ PORT }: Pick<Env, "PORT">) {
    // The app may be started with another PORT than this command, and with 0 the system chooses one.
    const such = `http://127.0.0.1:${PORT === 0 ? 3_000 : PORT}`;
    super(
      `On the embedded devnet or database only the app can do this. Start it, set ADMIN_TOKEN for both, and add --app with the address that the app prints when it starts, such as --app ${such}.`,
    );
  }
}

/** Throws NeedsApp if the environment names nothing that a second process can open. */
export async function openOperator(env: Env, log: Log): Promise<OperatorTools> {
  if (env.isDevnet || env.DATABASE_URL === undefined) throw new NeedsApp(env);
  const metrics = new Metrics();
  // Instances warn about the configuration themselves.
  const mute = { info: () => {}, warn: () => {}, error: log.error };
  const [network, stores] = await Promise.all([openNetwork(env, mute), openStoresOfCommand(env)]);
  const shared = await openShared(env, log, metrics);
  const { submitter, creator = null, trustedPayers, mirrorUrls } = network;
  const shards = openShards({
    ...{ stores, submitter, creator, trustedPayers, log, clock: systemClock },
    bus: shared?.bus ?? new MemoryEventBus(),
    // An operator asks the mirror only a few times, which needs no share of the budget.
    ledger: new MirrorLedger({ urls: mirrorUrls, clock: systemClock, reserve: async () => 0 }),
    ...{ registryTopic: env.REGISTRY_TOPIC, mayStayUnpublished: env.isDevnet, prefix: env.TOPIC_PREFIX },
  });
  // If this is the deployment's first start, the registry begins here with the configured topics.
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
