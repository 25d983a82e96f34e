/**
 * The shard registry as this process knows it. Reading it costs nothing. Its version comes with each round of demand, and a
 * newer one is loaded. A cached registry may be a little old: the write fence refuses writes by an old one.
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
  /**
   * The topics that the environment names. They are served until the registry is loaded, and an empty registry begins with them.
   */
  readonly configured: readonly RegisteredTopic[];
  /** Whether other instances announce new versions. If not, only the database knows them. */
  readonly isShared: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** This many instances may start at once, each changing the registry before the next one does. */
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

  /** Loads the registry, and adds published shards and configured topics that it lacks. */
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

  /** The store may have lost changes of the registry: adds the topics that are known here and missing there. */
  async restore(): Promise<void> {
    const { shards } = this.registry;
    this.isLoaded = false;
    await this.open(shards);
  }

  /** Another instance has the registry at `version`. */
  async learn(version: number): Promise<void> {
    if (this.deps.isShared) this.checkedMs = this.deps.clock.monotonicMs();
    // A load under way may have read before the change. The second one reads after it.
    for (let attempt = 0; attempt < 2 && this.registry.version < version; attempt += 1) await this.load();
  }

  /** Asks the database for the version, unless this process heard of it within `maxAgeMs`. */
  async check(maxAgeMs: number): Promise<void> {
    const nowMs = this.deps.clock.monotonicMs();
    if (nowMs - this.checkedMs < maxAgeMs) return;
    this.checkedMs = nowMs;
    const version = await this.deps.store.version();
    if (version > this.registry.version) await this.load();
  }

  /** Loads it again, or joins a load under way. */
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
    // The later of two answers may be the older one.
    if (this.isLoaded && registry.version <= this.registry.version) return;
    this.isLoaded = true;
    this.registry = registry;
    this.checkedMs = this.deps.clock.monotonicMs();
    const topics = readTopics(registry).length;
    this.deps.log.info("the registry has changed", { version: registry.version, topics });
    for (const listener of this.listeners) listener();
  }
}
