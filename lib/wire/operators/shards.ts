/** The operators' API for shards: `GET /api/admin/shards`, split and drain. */
import * as z from "zod";
import { TOPIC_KINDS } from "../../core/ledger/ids";
import { DRAIN_AT_LEAST_NS, MAX_SEGMENTS } from "../../core/shards/reshard";
import { SHARD_STATES, TIERS } from "../../core/shards/shards";
import { CappedAt, ConsensusTimestamp, TopicIdText } from "../common";

const count = z.number().int().nonnegative();
const Owner = z.string().min(1).max(100).nullable();

export const ShardStatus = z.object({
  name: z.string().meta({
    description: "prefix-tier-kind-segment, with the owner's name before the segment if the shard has an owner",
  }),
  tier: z.enum(TIERS),
  kind: z.enum(TOPIC_KINDS),
  owner: Owner.meta({ description: "A tenant (enterprise) or a user (busy); null for the shared topics of a tier" }),
  segment: count,
  generation: count.meta({ description: "Number of topics that the segment had before" }),
  state: z.enum(SHARD_STATES),
  topicId: TopicIdText.nullable(),
  routesFrom: ConsensusTimestamp.nullable().meta({ description: "Time from which new messages go to the topic" }),
  drainsFrom: ConsensusTimestamp.nullable(),
  drainedAt: ConsensusTimestamp.nullable(),
  needsSuccessor: z.boolean().meta({
    description: "A drain creates a new topic in its place; otherwise its users move to existing topics",
  }),
});
export type ShardStatus = z.infer<typeof ShardStatus>;

/** `GET /api/admin/shards` */
export const ShardsAnswer = z.object({
  version: count.meta({ description: "Grows with each change of the registry" }),
  canCreate: z.boolean().meta({ description: "Whether topics can be created, which needs an operator key" }),
  shards: z.array(ShardStatus),
  tenants: z.array(z.object({ tenantId: z.string(), name: z.string(), users: count })),
  cappedAt: CappedAt,
});
export type ShardsAnswer = z.infer<typeof ShardsAnswer>;

/** A drain takes at least this long. */
export const DRAIN_AT_LEAST_MS = Number(DRAIN_AT_LEAST_NS / 1_000_000n);

/** `detail` of a split or a drain: its current step, or the time until which it waits. */
export const ReshardDetail = z.union([
  z.object({ step: z.string().meta({ description: "plan, intend, create, switch, look, wait, done" }) }),
  z.object({ waitingUntilMs: z.number(), reason: z.string() }),
]);
export type ReshardDetail = z.infer<typeof ReshardDetail>;

/** `POST /api/admin/shards/split`: the group then has `to` segments. */
export const SplitBody = z.strictObject({
  kind: z.enum(TOPIC_KINDS),
  to: z.number().int().min(1).max(MAX_SEGMENTS),
  tier: z.enum(TIERS).default("standard"),
  owner: Owner.default(null).meta({
    description: "The tenant (enterprise) or user (busy) that gets topics of its own",
  }),
});
export type SplitBody = z.input<typeof SplitBody>;

/** `POST /api/admin/shards/drain`: the topic takes no new messages. A second request finishes the drain when the topic is quiet. */
export const DrainBody = z.strictObject({ topicId: TopicIdText });
export type DrainBody = z.infer<typeof DrainBody>;
