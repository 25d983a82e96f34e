/**
 * The shard registry as this process knows it. Reading it costs nothing. Each round of demand brings the current version, and a newer
 * registry is loaded. A cached registry may be a little old: the write fence refuses writes by an old one.
 */

import { fromMs } from "../../core/ledger/consensus-time";
import { IDENTITY_KIND } from "../../core/ledger/ids";
import type { RegisteredTopic } from "../../core/shards/registered-topic";
import {
  EMPTY_REGISTRY,
  isSameShard,
  type ReadTopic,
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
  /** Users' messages are never routed to these. */
  private readonly unsharded: readonly RegisteredTopic[];

  constructor(private readonly deps: RegistryCacheDeps) {
    this.unsharded = deps.configured.filter(({ kinds }) => kinds.includes(IDENTITY_KIND));
    this.registry = { ...EMPTY_REGISTRY, shards: seedShards(EMPTY_REGISTRY, deps.configured, 0n) };
  }

  get current(): Registry {
    return this.registry;
  }

  /** The topics to read: those of the registry, then those that have no shard. */
  get topics(): readonly ReadTopic[] {
    return [...readTopics(this.registry), ...this.unsharded.map(alwaysRead)];
  }

  /** Called after each change, with the new registry in place. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /**
   * Loads the registry, and adds published shards and configured topics that it lacks. Throws an Error with one sentence if users'
   * messages are written to the identity topic.
   */
  async open(published: readonly Shard[] = []): Promise<void> {
    const { store, configured, clock, log } = this.deps;
    for (let attempt = 0; attempt < SEED_ATTEMPTS; attempt += 1) {
      const registry = await store.load();
      const unknown = published.filter((shard) => !registry.shards.some((known) => isSameShard(known, shard)));
      const withPublished = { ...registry, shards: [...registry.shards, ...unknown] };
      const missing = [...unknown, ...seedShards(withPublished, configured, fromMs(clock.now()))];
      const conflict = this.conflictIn([...withPublished.shards, ...missing]);
      if (conflict !== null) throw new Error(conflict);
      if (missing.length === 0) {
        await store.follow(this.unsharded);
        return this.adopt(registry);
      }
      if ((await store.change(registry.version, missing)) === null) continue;
      for (const { topicId, kind, segment } of missing)
        log.info("a topic is used from now on", { topicId, kind, segment });
    }
    throw new Error("the registry of shards changes faster than it can be read");
  }

  /** One sentence if another instance has made the identity topic one of users' messages since the start; otherwise null. */
  get identityConflict(): string | null {
    return this.conflictIn(this.registry.shards);
  }

  /** A user who could write to the identity topic could try to bind identities there. */
  private conflictIn(shards: readonly Shard[]): string | null {
    const shared = shards.find((shard) => this.unsharded.some(({ topicId }) => topicId === shard.topicId));
    return shared === undefined
      ? null
      : `Topic ${shared.topicId} is a topic for ${shared.kind} messages, so it cannot be TOPIC_IDENTITY: name a topic that is used for nothing else.`;
  }

  /** The store may have lost changes of the registry: adds the topics that are known here and missing there. */
  async restore(): Promise<void> {
    const { shards } = this.registry;
    this.isLoaded = false;
    await this.open(shards);
  }

  /** Loads the registry if it is older than `version`, which another instance has. */
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

  /** Loads the registry again, or joins a load under way. */
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
    this.deps.log.info("the registry has changed", { version: registry.version, topics: this.topics.length });
    for (const listener of this.listeners) listener();
  }
}

const alwaysRead = (topic: RegisteredTopic): ReadTopic => ({ ...topic, reading: "live", startsNs: 0n, untilNs: 0n });
