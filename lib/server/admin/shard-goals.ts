import "server-only";
/** Turns operators' requests into reshard goals, and the registry into the operators' answer. */
import { consensusNs, formatConsensusTime } from "../../core/ledger/consensus-time";
import { parseUserId, type TopicId, type TopicKind } from "../../core/ledger/ids";
import { canLeave, type Goal, type Step } from "../../core/shards/reshard";
import {
  countActive,
  parseTenantId,
  type Registry,
  type Shard,
  type ShardGroup,
  type ShardTier,
  shardName,
} from "../../core/shards/shards";
import type { ReshardOutcome } from "../../engine/shards/reshard";
import type { ShardStatus } from "../../wire/operators/shards";
import type { Shards } from "./shards";

/** The group, or a sentence that names the mistake. */
export function groupOf(tier: ShardTier, kind: TopicKind, owner: string | null): ShardGroup | string {
  if (tier === "enterprise") {
    const tenantId = owner === null ? null : parseTenantId(owner);
    return tenantId === null
      ? "An enterprise topic needs an owner: a tenant's id of lower-case letters, digits and hyphens."
      : { tier, kind, owner: tenantId };
  }
  if (owner === null) return { tier, kind, owner: null };
  const userId = tier === "busy" ? parseUserId(owner) : null;
  return userId === null
    ? "Only tenants (tier enterprise) and users (tier busy) own topics. Name that tier, or leave the owner out."
    : { tier, kind, owner: userId };
}

/** One goal for each shard of the topic that is not drained yet. */
export function drainGoals(registry: Registry, topicId: TopicId): readonly Goal[] {
  return registry.shards
    .filter((shard) => shard.topicId === topicId && (shard.state === "active" || shard.state === "draining"))
    .map((shard) => ({ name: "drain", shard }));
}

/** Runs the goals in order. Returns the first failure; without one the first wait; otherwise done. */
export async function runAll(
  shards: Shards,
  goals: readonly Goal[],
  onStep: (step: Step) => void,
): Promise<ReshardOutcome> {
  let open: ReshardOutcome | null = null;
  for (const goal of goals) {
    const outcome = await shards.run(goal, onStep);
    if (outcome.kind === "failed") return outcome;
    if (outcome.kind === "waiting") open ??= outcome;
  }
  return open ?? { kind: "done" };
}

const instant = (ns: bigint | null) => (ns === null ? null : formatConsensusTime(consensusNs(ns)));

/** All shards for the operators' page, drained ones included. `prefix` begins the topics' names. */
export function shardStatuses(prefix: string, registry: Registry): readonly ShardStatus[] {
  const activeOf = countActive(registry);
  return registry.shards.map((shard) => shardStatus(prefix, shard, activeOf(shard)));
}

function shardStatus(prefix: string, shard: Shard, activeCount: number): ShardStatus {
  const { tier, kind, owner, segment, generation, state, topicId, routesFromNs, drainsFromNs, drainedNs } = shard;
  return {
    name: shardName(prefix, shard),
    ...{ tier, kind, owner, segment, generation, state, topicId },
    ...{ routesFrom: instant(routesFromNs), drainsFrom: instant(drainsFromNs), drainedAt: instant(drainedNs) },
    needsSuccessor: state === "active" && !canLeave(shard, activeCount),
  };
}
