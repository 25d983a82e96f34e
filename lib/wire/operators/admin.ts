/** The operators' part of the API: `GET /api/admin/status`, the actions, and the operator log. */
import * as z from "zod/mini";
import { CappedAt, ConsensusTimestamp, TopicIdText, UserIdText, wholeNumber } from "../common";
import { IncidentAnswer } from "./health";
import { activityShape, InstancePlace, MirrorReport, TierStatus } from "./instance-report";
import { MinuteColumns } from "./minute-history";
import { ErrorKind } from "./recent-errors";

const count = z.int().check(z.nonnegative());
const sequence = z.int().check(z.positive());
const ms = z.int().check(z.nonnegative()).register(z.globalRegistry, { description: "Milliseconds since 1970" });

/** A list that may be long: its length and its first items. */
const sequencesFound = z.object({ count, first: z.array(sequence) });

/** Progress and findings of a topic audit or a topic resync. */
export const TopicCheck = z.object({
  through: count.clone().register(z.globalRegistry, {
    description: "Checked through this sequence number; the next request continues there",
  }),
  to: count
    .clone()
    .register(z.globalRegistry, { description: "The topic's cursor at the start of the check: where the check ends" }),
  checked: count.clone().register(z.globalRegistry, { description: "Messages on the ledger, through `through`" }),
  matching: count
    .clone()
    .register(z.globalRegistry, { description: "Messages stored with the same bytes, time, payer and running hash" }),
  differing: sequencesFound
    .clone()
    .register(z.globalRegistry, { description: "Stored differently from the mirror's answer" }),
  missing: sequencesFound.clone().register(z.globalRegistry, { description: "On the ledger, not stored" }),
  unconfirmed: sequencesFound.clone().register(z.globalRegistry, { description: "Stored, not in the mirror's answer" }),
  broken: sequencesFound
    .clone()
    .register(z.globalRegistry, { description: "The mirror's running hash does not follow from the one before" }),
  restored: count.clone().register(z.globalRegistry, {
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
  updatedMs: ms
    .clone()
    .register(z.globalRegistry, { description: "The last update; a running action sends one every five seconds" }),
  actor: z.string(),
  action: z.string().register(z.globalRegistry, {
    description: "cache.invalidate, topic.audit, topic.pause, shards.split, accounts.bind, database.migrate, …",
  }),
  target: z.nullable(z.string()).register(z.globalRegistry, { description: "A topic or a user; null for everything" }),
  state: z.enum(ACTION_STATES),
  detail: z.nullable(z.record(z.string(), z.unknown())).register(z.globalRegistry, {
    description: "A TopicCheck for topic.audit and topic.resync; `{error}` for failed and refused actions",
  }),
});
export type OperatorLogEntry = z.infer<typeof OperatorLogEntry>;

/** `GET /api/admin/audit-log?before=&limit=`, newest first */
export const OperatorLogQuery = z.object({
  before: z
    .optional(wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .register(z.globalRegistry, { description: "Entries older than this id" }),
  limit: z._default(wholeNumber(1, 200), 50),
});
export const OperatorLogAnswer = z.object({ items: z.array(OperatorLogEntry), nextBefore: z.nullable(count) });
export type OperatorLogAnswer = z.infer<typeof OperatorLogAnswer>;

/** `POST /api/admin/cache/invalidate` */
export const InvalidateBody = z.strictObject({
  userId: z
    .optional(UserIdText)
    .register(z.globalRegistry, { description: "The user whose views are invalidated; absent: everybody's" }),
});
/** `POST /api/admin/topics/{topicId}/{resync|audit|start-over|pause|resume}` */
export const TopicActionBody = z.strictObject({});
/** `repeated`: this Idempotency-Key was used before, and `entry` is the entry of the first request. */
export const ActionAnswer = z.object({ ok: z.literal(true), repeated: z.boolean(), entry: OperatorLogEntry });
export type ActionAnswer = z.infer<typeof ActionAnswer>;

export const TopicStatus = z.object({
  topicId: TopicIdText,
  kinds: z.array(z.string()),
  state: z.enum(["idle", "pulling", "hole", "backing-off", "paused", "not-kept"]).register(z.globalRegistry, {
    description: "State of the topic's sync on this instance; not-kept: in the database only",
  }),
  paused: z.boolean(),
  cursor: count,
  interpreted: count
    .clone()
    .register(z.globalRegistry, { description: "Messages through this one were read by the current decoder" }),
  asOf: z
    .nullable(ConsensusTimestamp)
    .register(z.globalRegistry, { description: "Synced through this time; null before the first sync" }),
  lastMessageAt: z.nullable(ConsensusTimestamp),
  lagMs: z.nullable(z.int().check(z.nonnegative())),
  gaps: z
    .array(z.object({ from: sequence, to: sequence, state: z.enum(["hole", "declared"]), firstSeenMs: ms }))
    .register(z.globalRegistry, { description: "The oldest open gaps, at most 100" }),
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
  verifiedThrough: count
    .clone()
    .register(z.globalRegistry, { description: "Every message through this sequence number is stored and verified" }),
  perMinute: z.array(count).register(z.globalRegistry, {
    description: "Messages that all instances committed in each of the last 30 minutes, the current one last",
  }),
  users: z.nullable(count).register(z.globalRegistry, {
    description:
      "Users with a message in this topic, at most ten minutes old; null above two million rows or without users",
  }),
  hottestShare: z.nullable(z.number().check(z.minimum(0), z.maximum(1))).register(z.globalRegistry, {
    description: "Share of the topic's rows that its ten busiest users have; null if not counted",
  }),
  lastError: z.nullable(z.string()),
  retryAtMs: z.nullable(ms),
  check: z
    .nullable(OperatorLogEntry)
    .register(z.globalRegistry, { description: "The latest audit or resync of the topic" }),
});
export type TopicStatus = z.infer<typeof TopicStatus>;

const tiers = z.object({ l1: TierStatus, redis: TierStatus, postgres: TierStatus });

export const InstanceStatus = z.object({
  instanceId: z.string(),
  place: z
    .nullable(InstancePlace)
    .register(z.globalRegistry, { description: "Null if the instance runs an older release" }),
  isThis: z.boolean().register(z.globalRegistry, { description: "The instance that answered" }),
  version: z.string(),
  startedMs: ms,
  reportedMs: ms,
  isEventBusConnected: z.boolean(),
  memory: z.object({ rssBytes: count, heapBytes: count }),
  tiers,
  mirrors: z.array(MirrorReport),
  incidents: z.array(IncidentAnswer).register(z.globalRegistry, { description: "Incidents that this instance sees" }),
  ...activityShape,
});
export type InstanceStatus = z.infer<typeof InstanceStatus>;

const relationShape = { name: z.string(), rows: count, tableBytes: count, indexBytes: count } as const;

export const StorageStatus = z.object({
  readMs: ms,
  databaseBytes: count,
  tables: z
    .array(z.object({ ...relationShape, partitions: z.array(z.object(relationShape)) }))
    .register(z.globalRegistry, {
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
  reason: z.nullable(z.string()),
  payer: z
    .nullable(z.string())
    .register(z.globalRegistry, { description: "Null if the mirror does not name the payer" }),
  bytes: count,
  text: z.string().register(z.globalRegistry, { description: "Its first bytes as safe text" }),
});
export type RejectedMessage = z.infer<typeof RejectedMessage>;

const dollarsPerDay = z.nullable(z.number().check(z.nonnegative())).register(z.globalRegistry, {
  description: "A day's cost at the rate so far; null until the oldest instance has run for an hour",
});

export const CostStatus = z.object({
  pricesReadOn: z.string(),
  sinceMs: ms.clone().register(z.globalRegistry, { description: "Start of the oldest counted instance" }),
  items: z.array(
    z.object({
      name: z.string(),
      quantity: z.number().check(z.nonnegative()),
      unit: z.string(),
      dollars: z.number().check(z.nonnegative()),
      dollarsPerDay,
    }),
  ),
  dollars: z.number().check(z.nonnegative()),
  dollarsPerDay,
});
export type CostStatus = z.infer<typeof CostStatus>;

/** `GET /api/admin/status` */
export const AdminStatus = z.object({
  network: z.string(),
  version: z.string(),
  atMs: ms,
  incidents: z
    .array(
      z.extend(IncidentAnswer, {
        instances: z.array(z.string()).register(z.globalRegistry, { description: "Ids of the instances that see it" }),
      }),
    )
    .register(z.globalRegistry, { description: "Open incidents of all instances: critical ones first, then by age" }),
  instancesAreShared: z.boolean().register(z.globalRegistry, {
    description: "Whether instances share reports (through Redis); otherwise only this one is listed",
  }),
  total: z.object({ tiers, memory: z.object({ rssBytes: count, heapBytes: count }), ...activityShape }),
  instances: z.array(InstanceStatus),
  history: MinuteColumns.clone().register(z.globalRegistry, {
    description: "The last hour, minute by minute, all instances together",
  }),
  errors: z
    .array(z.extend(ErrorKind, { instanceId: z.string() }))
    .register(z.globalRegistry, { description: "The latest errors of each instance by kind, newest kind first" }),
  database: z
    .object({ answers: z.boolean(), topicsReadMs: z.nullable(ms), messagesReadMs: z.nullable(ms) })
    .register(z.globalRegistry, {
      description: "Whether the database answers, and when the data was read from it; null: not since the start",
    }),
  topics: z.array(TopicStatus),
  cappedAt: CappedAt,
  mirror: z.object({
    requestsPerSecondMax: count,
    waitMs: z.number().check(z.nonnegative()).register(z.globalRegistry, {
      description: "Longest wait of a mirror request, over all instances; 0: budget left",
    }),
    refused: count,
    requests: count,
    errors: count,
    rateLimited: count,
    headTime: z.nullable(ConsensusTimestamp),
    headLagMs: z.nullable(count),
    mirrors: z
      .array(MirrorReport)
      .register(z.globalRegistry, { description: "Sums over all instances; `circuit` is the worst" }),
  }),
  streams: z.object({ open: count, perUserMax: count, perInstanceMax: count }),
  storage: z.nullable(StorageStatus).register(z.globalRegistry, {
    description: "At most a minute old; null until the database answers",
  }),
  rejected: z
    .array(RejectedMessage)
    .register(z.globalRegistry, { description: "The latest undecodable, untrusted, failed and unproven messages" }),
  cost: z.nullable(CostStatus).register(z.globalRegistry, {
    description: "Cost of requests and storage at list prices; null without a price table",
  }),
});
export type AdminStatus = z.infer<typeof AdminStatus>;
