/**
 * The registry as this process knows it. Reading it costs nothing; its version comes with each round of demand, and only a
 * newer one is loaded. What a cache holds may be a little old: the write fence catches who would write by an old one.
 */

import { fromMs } from "../../core/ledger/consensus-time";
import type { RegisteredTopic } from "../../core/shards/registered-topic";
import {
  EMPTY_REGISTRY,
  isSameShard,
  type Registry,
  readTopics,
  type Shard,
  seedShards,
} from "../../core/shards/shards";
import type { Clock } from "../../ports/clock";
import type { Log } from "../../ports/log";
import type { ShardRegistry } from "../../ports/store/shard-registry";

export interface RegistryCacheDeps {
  readonly store: ShardRegistry;
  /** What the environment names: served until the registry was loaded, and what an empty registry begins with. */
  readonly configured: readonly RegisteredTopic[];
  /** Versions come from all instances; else only the database knows what others do. */
  readonly isShared: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** As many instances as may start at once, each changing the registry under the other. */
const SEED_ATTEMPTS = 20;

export class RegistryCache {
  private registry: Registry;
  private isLoaded = false;
  private loading: Promise<void> | null = null;
  private checkedMs = Number.NEGATIVE_INFINITY;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly deps: RegistryCacheDeps) {
    this.registry = { ...EMPTY_REGISTRY, shards: seedShards(EMPTY_REGISTRY, deps.configured, 0n) };
  }

  get current(): Registry {
    return this.registry;
  }

  /** Called after each change, with the new registry in place. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Loads the registry; gives it what it does not have of shards that were published and of topics that are configured. */
  async open(published: readonly Shard[] = []): Promise<void> {
    const { store, configured, clock, log } = this.deps;
    for (let attempt = 0; attempt < SEED_ATTEMPTS; attempt += 1) {
      const registry = await store.load();
      const unknown = published.filter((shard) => !registry.shards.some((known) => isSameShard(known, shard)));
      const withPublished = { ...registry, shards: [...registry.shards, ...unknown] };
      const missing = [...unknown, ...seedShards(withPublished, configured, fromMs(clock.now()))];
      if (missing.length === 0) return this.adopt(registry);
      if ((await store.change(registry.version, missing)) === null) continue;
      for (const { topicId, kind, segment } of missing)
        log.info("a topic is used from now on", { topicId, kind, segment });
    }
    throw new Error("the registry of shards changes faster than it can be read");
  }

  /** The store may have lost changes of the registry: gives it back what it lacks of the topics that are known here. */
  async restore(): Promise<void> {
    const { shards } = this.registry;
    this.isLoaded = false;
    await this.open(shards);
  }

  /** Another instance has the registry at `version`. */
  async learn(version: number): Promise<void> {
    if (this.deps.isShared) this.checkedMs = this.deps.clock.monotonicMs();
    // A load that was under way may have looked before the change: the second looks after it.
    for (let attempt = 0; attempt < 2 && this.registry.version < version; attempt += 1) await this.load();
  }

  /** Asks the database for the version, if nobody has told of it within `maxAgeMs`. */
  async check(maxAgeMs: number): Promise<void> {
    const nowMs = this.deps.clock.monotonicMs();
    if (nowMs - this.checkedMs < maxAgeMs) return;
    this.checkedMs = nowMs;
    const version = await this.deps.store.version();
    if (version > this.registry.version) await this.load();
  }

  /** Reads it again; joins a reading under way. */
  load(): Promise<void> {
    this.loading ??= this.read().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  private async read(): Promise<void> {
    this.adopt(await this.deps.store.load());
  }

  private adopt(registry: Registry): void {
    // Of two answers the later may be the older one.
    if (this.isLoaded && registry.version <= this.registry.version) return;
    this.isLoaded = true;
    this.registry = registry;
    this.checkedMs = this.deps.clock.monotonicMs();
    const topics = readTopics(registry).length;
    this.deps.log.info("the registry has changed", { version: registry.version, topics });
    for (const listener of this.listeners) listener();
  }
}
