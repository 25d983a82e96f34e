/** Builds small shard registries for tests of routing. */
import type { TopicId, TopicKind, UserId } from "@/lib/core/ledger/ids";
import { TOPIC_KINDS } from "@/lib/core/ledger/ids";
import {
  newShard,
  type Registry,
  type RoutedUser,
  type Shard,
  type ShardGroup,
  type TenantId,
} from "@/lib/core/shards/shards";

export const standard = (kind: TopicKind): ShardGroup => ({ tier: "standard", kind, owner: null });
export const busy = (kind: TopicKind): ShardGroup => ({ tier: "busy", kind, owner: null });
export const ofTenant = (kind: TopicKind, tenant: string): ShardGroup => ({
  tier: "enterprise",
  kind,
  owner: tenant as TenantId,
});

export const plain = (userId: string): RoutedUser => ({ userId: userId as UserId, tier: "standard", tenantId: null });

let topicNumber = 5_000;
/** `count` active shards of a group, each with its own topic. */
export function active(group: ShardGroup, count: number): readonly Shard[] {
  return Array.from({ length: count }, (_, segment) => {
    topicNumber += 1;
    return { ...newShard(group, segment, 0), state: "active", topicId: `0.0.${topicNumber}` as TopicId };
  });
}

export const registryOf = (...shards: readonly (readonly Shard[])[]): Registry => ({
  version: 1,
  shards: shards.flat(),
});

/** One topic of each kind, as in a new deployment. */
export const simplest = (): Registry => registryOf(...TOPIC_KINDS.map((kind) => active(standard(kind), 1)));
