/** The operators' API for shards: `GET /api/admin/shards`, split and drain. */
import * as z from "zod/mini";
import { TOPIC_KINDS } from "../../core/ledger/ids";
import { DRAIN_AT_LEAST_NS, MAX_SEGMENTS } from "../../core/shards/reshard";
import { SHARD_STATES, SHARD_TIERS } from "../../core/shards/shards";
import { CappedAt, ConsensusTimestamp, described, TopicIdText } from "../common";

const count = z.int().check(z.nonnegative());
const Owner = z.nullable(z.string().check(z.minLength(1), z.maxLength(100)));

export const ShardStatus = z.object({
  name: described(
    z.string(),
    "prefix-tier-kind-segment, with the owner's name before the segment if the shard has an owner",
  ),
  tier: z.enum(SHARD_TIERS),
  kind: z.enum(TOPIC_KINDS),
  owner: described(Owner, "A tenant (enterprise) or a user (busy); null for the shared topics of a tier"),
  segment: count,
  generation: described(count, "Number of topics that the segment had before"),
  state: z.enum(SHARD_STATES),
  topicId: z.nullable(TopicIdText),
  routesFrom: described(z.nullable(ConsensusTimestamp), "Time from which new messages go to the topic"),
  drainsFrom: z.nullable(ConsensusTimestamp),
  drainedAt: z.nullable(ConsensusTimestamp),
  needsSuccessor: described(
    z.boolean(),
    "A drain creates a new topic in its place; otherwise its users move to existing topics",
  ),
});
export type ShardStatus = z.infer<typeof ShardStatus>;

/** `GET /api/admin/shards` */
export const ShardsAnswer = z.object({
  version: described(count, "Grows with each change of the registry"),
  canCreate: described(z.boolean(), "Whether topics can be created, which needs an operator key"),
  shards: z.array(ShardStatus),
  tenants: z.array(z.object({ tenantId: z.string(), name: z.string(), users: count })),
  cappedAt: CappedAt,
});
export type ShardsAnswer = z.infer<typeof ShardsAnswer>;

/** A drain takes at least this long. */
export const DRAIN_AT_LEAST_MS = Number(DRAIN_AT_LEAST_NS / 1_000_000n);

/** `detail` of a split or a drain: its current step, or the time until which it waits. */
export const ReshardDetail = z.union([
  z.object({
    step: described(z.string(), "plan, intend, create, switch, look, wait, done"),
  }),
  z.object({ waitingUntilMs: z.number(), reason: z.string() }),
]);
export type ReshardDetail = z.infer<typeof ReshardDetail>;

export { MAX_SEGMENTS };

/** `POST /api/admin/shards/split`: the group then has `to` segments. */
export const SplitBody = z.strictObject({
  kind: z.enum(TOPIC_KINDS),
  to: z.int().check(z.minimum(1), z.maximum(MAX_SEGMENTS)),
  tier: z._default(z.enum(SHARD_TIERS), "standard"),
  owner: described(z._default(Owner, null), "The tenant (enterprise) or user (busy) that gets topics of its own"),
});
export type SplitBody = z.input<typeof SplitBody>;

/** `POST /api/admin/shards/drain`: the topic takes no new messages. A second request finishes the drain when the topic is quiet. */
export const DrainBody = z.strictObject({ topicId: TopicIdText });
export type DrainBody = z.infer<typeof DrainBody>;
