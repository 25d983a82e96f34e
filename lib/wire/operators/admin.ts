/** The operators' part of the API: `GET /api/admin/status`, the actions, and the operator log. */
import * as z from "zod";
import { CappedAt, ConsensusTimestamp, TopicIdText, UserIdText, wholeNumber } from "../common";
import { IncidentAnswer } from "./health";
import { activityShape, InstancePlace, MirrorReport, TierStatus } from "./instance-report";
import { MinuteColumns } from "./minute-history";
import { ErrorKind } from "./recent-errors";

const count = z.number().int().nonnegative();
const sequence = z.number().int().positive();
const ms = z.number().int().nonnegative().meta({ description: "Milliseconds since 1970" });

/** A list that may be long: its length and its first items. */
const sequencesFound = z.object({ count, first: z.array(sequence) });

/** Progress and findings of a topic audit or a topic resync. */
export const TopicCheck = z.object({
  through: count.meta({ description: "Checked through this sequence number; the next request continues there" }),
  to: count.meta({ description: "The topic's cursor at the start of the check: where the check ends" }),
  checked: count.meta({ description: "Messages on the ledger, through `through`" }),
  matching: count.meta({ description: "Messages stored with the same bytes, time, payer and running hash" }),
  differing: sequencesFound.meta({ description: "Stored differently from the mirror's answer" }),
  missing: sequencesFound.meta({ description: "On the ledger, not stored" }),
  unconfirmed: sequencesFound.meta({ description: "Stored, not in the mirror's answer" }),
  broken: sequencesFound.meta({ description: "The mirror's running hash does not follow from the one before" }),
  restored: count.meta({
    description: "Messages that a resync wrote: missing ones, and verified ones that replaced unverified ones",
  }),
});
export type TopicCheck = z.infer<typeof TopicCheck>;

/** `refused`: the server did nothing, for the reason in `detail`. */
const ACTION_STATES = ["running", "done", "failed", "refused"] as const;

/** One entry of the operator log: an action, its operator, and its result. */
export const OperatorLogEntry = z.object({
  id: count,
  atMs: ms,
  updatedMs: ms.meta({ description: "The last update; a running action sends one every five seconds" }),
  actor: z.string(),
  action: z.string().meta({
    description: "cache.invalidate, topic.audit, topic.pause, shards.split, accounts.bind, database.migrate, …",
  }),
  target: z.string().nullable().meta({ description: "A topic or a user; null for everything" }),
  state: z.enum(ACTION_STATES),
  detail: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: "A TopicCheck for topic.audit and topic.resync; `{error}` for failed and refused actions" }),
});
export type OperatorLogEntry = z.infer<typeof OperatorLogEntry>;

/** `GET /api/admin/audit-log?before=&limit=`, newest first */
export const OperatorLogQuery = z.object({
  before: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().meta({ description: "Entries older than this id" }),
  limit: wholeNumber(1, 200).default(50),
});
export const OperatorLogAnswer = z.object({ items: z.array(OperatorLogEntry), nextBefore: count.nullable() });
export type OperatorLogAnswer = z.infer<typeof OperatorLogAnswer>;

/** `POST /api/admin/cache/invalidate` */
export const InvalidateBody = z.strictObject({
  userId: UserIdText.optional().meta({ description: "The user whose views are invalidated; absent: everybody's" }),
});
/** `POST /api/admin/topics/{topicId}/{resync|audit|start-over|pause|resume}` */
export const TopicActionBody = z.strictObject({});
/** `repeated`: this Idempotency-Key was used before, and `entry` is the entry of the first request. */
export const ActionAnswer = z.object({ ok: z.literal(true), repeated: z.boolean(), entry: OperatorLogEntry });
export type ActionAnswer = z.infer<typeof ActionAnswer>;

export const TopicStatus = z.object({
  topicId: TopicIdText,
  kinds: z.array(z.string()),
  state: z
    .enum(["idle", "pulling", "hole", "backing-off", "paused", "not-kept"])
    .meta({ description: "State of the topic's sync on this instance; not-kept: in the database only" }),
  paused: z.boolean(),
  cursor: count,
  interpreted: count.meta({ description: "Messages through this one were read by the current decoder" }),
  asOf: ConsensusTimestamp.nullable().meta({ description: "Synced through this time; null before the first sync" }),
  lastMessageAt: ConsensusTimestamp.nullable(),
  lagMs: z.number().int().nonnegative().nullable(),
  gaps: z
    .array(z.object({ from: sequence, to: sequence, state: z.enum(["hole", "declared"]), firstSeenMs: ms }))
    .meta({ description: "The oldest open gaps, at most 100" }),
  gapCount: count,
  counts: z.object({
    messages: count,
    verified: count,
    unverifiable: count,
    failed: count,
    undecodable: count,
    untrusted: count,
    unproven: count,
  }),
  verifiedThrough: count.meta({ description: "Every message through this sequence number is stored and verified" }),
  perMinute: z.array(count).meta({
    description: "Messages that all instances committed in each of the last 30 minutes, the current one last",
  }),
  users: count.nullable().meta({
    description:
      "Users with a message in this topic, at most ten minutes old; null above two million rows or without users",
  }),
  hottestShare: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .meta({ description: "Share of the topic's rows that its ten busiest users have; null if not counted" }),
  lastError: z.string().nullable(),
  retryAtMs: ms.nullable(),
  check: OperatorLogEntry.nullable().meta({ description: "The latest audit or resync of the topic" }),
});
export type TopicStatus = z.infer<typeof TopicStatus>;

const tiers = z.object({ l1: TierStatus, redis: TierStatus, postgres: TierStatus });

export const InstanceStatus = z.object({
  instanceId: z.string(),
  place: InstancePlace.nullable().meta({ description: "Null if the instance runs an older release" }),
  isThis: z.boolean().meta({ description: "The instance that answered" }),
  version: z.string(),
  startedMs: ms,
  reportedMs: ms,
  isEventBusConnected: z.boolean(),
  memory: z.object({ rssBytes: count, heapBytes: count }),
  tiers,
  mirrors: z.array(MirrorReport),
  incidents: z.array(IncidentAnswer).meta({ description: "Incidents that this instance sees" }),
  ...activityShape,
});
export type InstanceStatus = z.infer<typeof InstanceStatus>;

const relationShape = { name: z.string(), rows: count, tableBytes: count, indexBytes: count } as const;

export const StorageStatus = z.object({
  readMs: ms,
  databaseBytes: count,
  tables: z.array(z.object({ ...relationShape, partitions: z.array(z.object(relationShape)) })).meta({
    description:
      "Largest first. A partitioned table has the sum of its partitions. `rows` is the database's estimate, or a count where it has none",
  }),
});
export type StorageStatus = z.infer<typeof StorageStatus>;

/** A rejected message: stored with a reason, in no view. */
export const RejectedMessage = z.object({
  topicId: TopicIdText,
  sequence,
  consensusTimestamp: ConsensusTimestamp,
  disposition: z.enum(["undecodable", "untrusted", "failed", "unproven"]),
  reason: z.string().nullable(),
  payer: z.string().nullable().meta({ description: "Null if the mirror does not name the payer" }),
  bytes: count,
  text: z.string().meta({ description: "Its first bytes as safe text" }),
});
export type RejectedMessage = z.infer<typeof RejectedMessage>;

export const CostStatus = z.object({
  pricesReadOn: z.string(),
  sinceMs: ms.meta({ description: "Start of the oldest counted instance" }),
  items: z.array(
    z.object({
      name: z.string(),
      quantity: z.number().nonnegative(),
      unit: z.string(),
      dollars: z.number().nonnegative(),
      dollarsPerDay: z.number().nonnegative(),
    }),
  ),
  dollars: z.number().nonnegative(),
  dollarsPerDay: z.number().nonnegative(),
});
export type CostStatus = z.infer<typeof CostStatus>;

/** `GET /api/admin/status` */
export const AdminStatus = z.object({
  network: z.string(),
  version: z.string(),
  atMs: ms,
  incidents: z
    .array(
      IncidentAnswer.extend({
        instances: z.array(z.string()).meta({ description: "Ids of the instances that see it" }),
      }),
    )
    .meta({ description: "Open incidents of all instances: critical ones first, then by age" }),
  instancesAreShared: z
    .boolean()
    .meta({ description: "Whether instances share reports (through Redis); otherwise only this one is listed" }),
  total: z.object({ tiers, memory: z.object({ rssBytes: count, heapBytes: count }), ...activityShape }),
  instances: z.array(InstanceStatus),
  history: MinuteColumns.meta({ description: "The last hour, minute by minute, all instances together" }),
  errors: z
    .array(ErrorKind.extend({ instanceId: z.string() }))
    .meta({ description: "The latest errors of each instance by kind, newest kind first" }),
  database: z.object({ answers: z.boolean(), topicsReadMs: ms.nullable(), messagesReadMs: ms.nullable() }).meta({
    description: "Whether the database answers, and when the data was read from it; null: not since the start",
  }),
  topics: z.array(TopicStatus),
  cappedAt: CappedAt,
  mirror: z.object({
    requestsPerSecondMax: count,
    waitMs: z
      .number()
      .nonnegative()
      .meta({ description: "Longest wait of a mirror request, over all instances; 0: budget left" }),
    refused: count,
    requests: count,
    errors: count,
    rateLimited: count,
    headTime: ConsensusTimestamp.nullable(),
    headLagMs: count.nullable(),
    mirrors: z.array(MirrorReport).meta({ description: "Sums over all instances; `circuit` is the worst" }),
  }),
  streams: z.object({ open: count, perUserMax: count, perInstanceMax: count }),
  storage: StorageStatus.nullable().meta({
    description: "At most a minute old; null until the database answers",
  }),
  rejected: z
    .array(RejectedMessage)
    .meta({ description: "The latest undecodable, untrusted, failed and unproven messages" }),
  cost: CostStatus.nullable().meta({
    description: "Cost of requests and storage at list prices; null without a price table",
  }),
});
export type AdminStatus = z.infer<typeof AdminStatus>;
