/** Operators' side of topics: `GET /api/admin/shards`, and the two actions on them. */
import { z } from "zod";
import { TOPIC_KINDS } from "../core/ledger/ids";
import { DRAIN_AT_LEAST_NS, MAX_SEGMENTS } from "../core/shards/reshard";
import { SHARD_STATES, TIERS } from "../core/shards/shards";
import { CappedAt, ConsensusTimestamp, TopicIdText } from "./common";

const count = z.number().int().nonnegative();
const Owner = z.string().min(1).max(100).nullable();

export const ShardStatus = z.object({
  name: z.string().meta({ description: "prefix-tier-kind-segment, an owner's with the owner's name" }),
  tier: z.enum(TIERS),
  kind: z.enum(TOPIC_KINDS),
  owner: Owner.meta({ description: "Of enterprise a tenant, of busy a user; null where all of the tier share it" }),
  segment: count,
  generation: count.meta({ description: "Counts the topics that the segment has had" }),
  state: z.enum(SHARD_STATES),
  topicId: TopicIdText.nullable(),
  routesFrom: ConsensusTimestamp.nullable().meta({ description: "New messages go there from then on" }),
  drainsFrom: ConsensusTimestamp.nullable(),
  drainedAt: ConsensusTimestamp.nullable(),
  needsSuccessor: z.boolean().meta({
    description: "Drained, a new topic takes its place; else its users go to topics that are there already",
  }),
});
export type ShardStatus = z.infer<typeof ShardStatus>;

/** `GET /api/admin/shards` */
export const ShardsAnswer = z.object({
  version: count.meta({ description: "Grows with each change of the registry" }),
  canCreate: z.boolean().meta({ description: "There is an operator key, with which topics can be created" }),
  shards: z.array(ShardStatus),
  tenants: z.array(z.object({ tenantId: z.string(), name: z.string(), users: count })),
  cappedAt: CappedAt,
});
export type ShardsAnswer = z.infer<typeof ShardsAnswer>;

/** A topic is drained for this long at the least. */
export const DRAIN_AT_LEAST_MS = Number(DRAIN_AT_LEAST_NS / 1_000_000n);

/** `detail` of a split or drain that has something to say of itself: what it is at, or when it goes on. */
export const ReshardDetail = z.union([
  z.object({ step: z.string().meta({ description: "plan, intend, create, switch, look, wait, done" }) }),
  z.object({ waitingUntilMs: z.number(), reason: z.string() }),
]);
export type ReshardDetail = z.infer<typeof ReshardDetail>;

/** `POST /api/admin/shards/split`: the group has `to` segments, afterwards. */
export const SplitBody = z.strictObject({
  kind: z.enum(TOPIC_KINDS),
  to: z.number().int().min(1).max(MAX_SEGMENTS),
  tier: z.enum(TIERS).default("standard"),
  owner: Owner.default(null).meta({
    description: "A tenant (enterprise) or a user (busy) who gets topics of their own",
  }),
});
export type SplitBody = z.input<typeof SplitBody>;

/** `POST /api/admin/shards/drain`: nothing more is written to the topic; asked again, it is let go when it is quiet. */
export const DrainBody = z.strictObject({ topicId: TopicIdText });
export type DrainBody = z.infer<typeof DrainBody>;
