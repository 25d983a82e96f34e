import type { RegisteredTopic } from "@/lib/core/shards/registered-topic";
import { seedShards } from "@/lib/core/shards/shards";
import type { ShardRegistry } from "@/lib/ports/store/shard-registry";

/** Adds topics to the shard registry, as an instance does at its start with the configured topics. */
export async function addTopics(registry: ShardRegistry, topics: readonly RegisteredTopic[]): Promise<void> {
  const known = await registry.load();
  const added = seedShards(known, topics, 0n);
  if (added.length > 0) await registry.change(known.version, added);
}
