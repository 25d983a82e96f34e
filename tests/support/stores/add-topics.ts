import type { RegisteredTopic } from "@/lib/core/shards/registered-topic";
import { seedShards } from "@/lib/core/shards/shards";
import type { ShardRegistry } from "@/lib/ports/store/shard-registry";

/** Makes the store know topics, as an instance does that starts with them configured: by way of the shard registry. */
export async function addTopics(registry: ShardRegistry, topics: readonly RegisteredTopic[]): Promise<void> {
  const known = await registry.load();
  const added = seedShards(known, topics, 0n);
  if (added.length > 0) await registry.change(known.version, added);
}
