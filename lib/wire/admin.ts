/** The operators' side of the contract: `GET /api/admin/status`, the actions, and the log of them. */
import { z } from "zod";
import { CappedAt, ConsensusTimestamp, TopicIdText, UserIdText, wholeNumber } from "./common";
import { IncidentAnswer } from "./health";
import { activityShape, MirrorReport, TierStatus } from "./instance-report";

const count = z.number().int().nonnegative();
const sequence = z.number().int().positive();
const ms = z.number().int().nonnegative().meta({ description: "Milliseconds since 1970" });

/** The first of a list that may be long, and how long it is. */
const sequencesFound = z.object({ count, first: z.array(sequence) });

/** How far an audit or a resync of a topic is, and what it found. */
export const TopicCheck = z.object({
  through: count.meta({ description: "Looked at through this sequence; where it goes on if it is asked for again" }),
  to: count.meta({ description: "The topic's cursor when the check began: where it ends" }),
  checked: count.meta({ description: "Messages that the ledger has, through `through`" }),
  matching: count.meta({ description: "Of these, stored with the same bytes, time, payer and running hash" }),
  differing: sequencesFound.meta({ description: "Stored otherwise than the mirror tells" }),
  missing: sequencesFound.meta({ description: "On the ledger and not stored" }),
  unconfirmed: sequencesFound.meta({ description: "Stored, and not among what the mirror answered" }),
  broken: sequencesFound.meta({ description: "The mirror's own running hash does not follow from the one before" }),
  restored: count.meta({ description: "Messages written by a resync: missing ones, and those that were stored worse" }),
});
export type TopicCheck = z.infer<typeof TopicCheck>;

/** `refused`: nothing was done, since it could not be just then. */
const AUDIT_STATES = ["running", "done", "failed", "refused"] as const;

/** One line of the audit log: an action, who asked for it, and what it came to. */
export const AuditEntry = z.object({
  id: count,
  atMs: ms,
  updatedMs: ms.meta({ description: "Of a running action: its last sign of life" }),
  actor: z.string(),
  action: z.string().meta({
    description: "cache.invalidate, topic.audit, topic.pause, shards.split, accounts.bind, database.migrate, …",
  }),
  target: z.string().nullable().meta({ description: "A topic or a user; null for everything" }),
  state: z.enum(AUDIT_STATES),
  detail: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: "Of topic.audit and topic.resync a TopicCheck; of what failed `{error}`" }),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** `GET /api/admin/audit-log?before=&limit=`, newest first */
export const AuditLogQuery = z.object({
  before: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().meta({ description: "Entries older than this id" }),
  limit: wholeNumber(1, 200).default(50),
});
export const AuditLogAnswer = z.object({ items: z.array(AuditEntry), nextBefore: count.nullable() });
export type AuditLogAnswer = z.infer<typeof AuditLogAnswer>;

/** `POST /api/admin/cache/invalidate` */
export const InvalidateBody = z.strictObject({
  userId: UserIdText.optional().meta({ description: "Whose views; everybody's where absent" }),
});
/** `POST /api/admin/topics/{topicId}/{resync|audit|start-over|pause|resume}` */
export const TopicActionBody = z.strictObject({});
/** `repeated`: this Idempotency-Key was used before, and the entry is the first answer as it stands by now. */
export const ActionAnswer = z.object({ ok: z.literal(true), repeated: z.boolean(), entry: AuditEntry });
export type ActionAnswer = z.infer<typeof ActionAnswer>;

export const TopicStatus = z.object({
  topicId: TopicIdText,
  kinds: z.array(z.string()),
  state: z
    .enum(["idle", "pulling", "hole", "backing-off", "paused", "not-kept"])
    .meta({ description: "Of the topic's sync on this instance; not-kept: in the database only" }),
  paused: z.boolean(),
  cursor: count,
  asOf: ConsensusTimestamp.nullable().meta({ description: "Synced through; null before the first sync" }),
  lastMessageAt: ConsensusTimestamp.nullable(),
  lagMs: z.number().int().nonnegative().nullable(),
  gaps: z
    .array(z.object({ from: sequence, to: sequence, state: z.enum(["suspected", "declared"]), firstSeenMs: ms }))
    .meta({ description: "The oldest open ones, 100 at most" }),
  gapCount: count,
  counts: z.object({
    messages: count,
    verified: count,
    unverifiable: count,
    failed: count,
    undecodable: count,
    untrusted: count,
  }),
  verifiedThrough: count.meta({ description: "Every message through this sequence is stored and verified" }),
  perMinute: z
    .array(count)
    .meta({ description: "Messages committed by all instances in each of the last 30 minutes, the current one last" }),
  users: count.nullable().meta({
    description:
      "People with a message in this topic, ten minutes old at most; null above two million rows, or where there is none",
  }),
  hottestShare: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .meta({ description: "Share of the topic's rows that its ten busiest people have; null where not counted" }),
  lastError: z.string().nullable(),
  retryAtMs: ms.nullable(),
  check: AuditEntry.nullable().meta({ description: "The latest audit or resync of the topic" }),
});
export type TopicStatus = z.infer<typeof TopicStatus>;

const tiers = z.object({ l1: TierStatus, redis: TierStatus, postgres: TierStatus });

export const InstanceStatus = z.object({
  instanceId: z.string(),
  isThis: z.boolean().meta({ description: "The instance that answers" }),
  version: z.string(),
  startedMs: ms,
  reportedMs: ms,
  isEventBusConnected: z.boolean(),
  memory: z.object({ rssBytes: count, heapBytes: count }),
  tiers,
  mirrors: z.array(MirrorReport),
  incidents: z.array(IncidentAnswer).meta({ description: "What this instance sees" }),
  ...activityShape,
});
export type InstanceStatus = z.infer<typeof InstanceStatus>;

const relationShape = { name: z.string(), rows: count, tableBytes: count, indexBytes: count } as const;

export const StorageStatus = z.object({
  readMs: ms,
  databaseBytes: count,
  tables: z.array(z.object({ ...relationShape, partitions: z.array(z.object(relationShape)) })).meta({
    description: "Largest first; of a partitioned table the sum of its partitions. `rows` as the server estimates them",
  }),
});
export type StorageStatus = z.infer<typeof StorageStatus>;

/** A message that is in no view. */
export const OddMessage = z.object({
  topicId: TopicIdText,
  sequence,
  consensusTimestamp: ConsensusTimestamp,
  disposition: z.enum(["undecodable", "untrusted", "failed"]),
  reason: z.string().nullable(),
  payer: z.string().nullable().meta({ description: "Null where the mirror does not tell who paid" }),
  bytes: count,
  text: z.string().meta({ description: "Its first bytes as text that can be shown" }),
});
export type OddMessage = z.infer<typeof OddMessage>;

export const CostStatus = z.object({
  pricesReadOn: z.string(),
  sinceMs: ms.meta({ description: "When the oldest of the instances that are counted started" }),
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
    .array(IncidentAnswer.extend({ instances: z.array(z.string()).meta({ description: "Which instances see it" }) }))
    .meta({ description: "What is wrong, as any instance sees it: critical ones first, then by age" }),
  instancesAreShared: z.boolean().meta({ description: "Several instances may report; else there is only this one" }),
  total: z.object({ tiers, memory: z.object({ rssBytes: count, heapBytes: count }), ...activityShape }),
  instances: z.array(InstanceStatus),
  database: z.object({ answers: z.boolean(), topicsReadMs: ms.nullable(), messagesReadMs: ms.nullable() }).meta({
    description: "Whether the database answers, and when this data was read from it; null: not since the start",
  }),
  topics: z.array(TopicStatus),
  cappedAt: CappedAt,
  mirror: z.object({
    requestsPerSecondMax: count,
    waitMs: z
      .number()
      .nonnegative()
      .meta({ description: "Longest wait for a token that an instance reports; 0: tokens left" }),
    refused: count,
    requests: count,
    errors: count,
    rateLimited: count,
    headTime: ConsensusTimestamp.nullable(),
    headLagMs: count.nullable(),
    mirrors: z.array(MirrorReport).meta({ description: "Summed over instances; the circuit is the worst of them" }),
  }),
  streams: z.object({ open: count, perUserMax: count, perInstanceMax: count }),
  storage: StorageStatus.nullable().meta({
    description: "A minute old at most; null while the database does not answer",
  }),
  odd: z.array(OddMessage).meta({ description: "The newest undecodable, untrusted and failed messages" }),
  cost: CostStatus.nullable().meta({
    description: "Of what was asked and stored, at list prices; null without a price table",
  }),
});
export type AdminStatus = z.infer<typeof AdminStatus>;
