/** The operators' part of the API: `GET /api/admin/status`, the actions, and the operator log. */
import * as z from "zod/mini";
import { CappedAt, ConsensusTimestamp, described, TopicIdText, UserIdText, wholeNumber } from "../common";
import { DroppedMessages } from "./dropped";
import { IncidentAnswer } from "./health";
import { activityShape, InstancePlace, MirrorReport, TierStatus } from "./instance-report";
import { MinuteColumns } from "./minute-history";
import { ErrorKind } from "./recent-errors";

const count = z.int().check(z.nonnegative());
const sequence = z.int().check(z.positive());
const ms = described(z.int().check(z.nonnegative()), "Milliseconds since 1970");

/** A list that may be long: its length and its first items. */
const sequencesFound = z.object({ count, first: z.array(sequence) });

/** Progress and findings of a topic audit or a topic resync. */
export const TopicCheck = z.object({
  through: described(count, "Checked through this sequence number; the next request continues there"),
  to: described(count, "The topic's cursor at the start of the check: where the check ends"),
  checked: described(count, "Messages on the ledger, through `through`"),
  matching: described(count, "Messages stored with the same bytes, time, payer and running hash"),
  differing: described(sequencesFound, "Stored differently from the mirror's answer"),
  missing: described(sequencesFound, "On the ledger, not stored"),
  unconfirmed: described(sequencesFound, "Stored, not in the mirror's answer"),
  broken: described(sequencesFound, "The mirror's running hash does not follow from the one before"),
  restored: described(
    count,
    "Messages that a resync wrote: missing ones, and verified ones that replaced unverified ones",
  ),
});
export type TopicCheck = z.infer<typeof TopicCheck>;

const moved = { messages: count, rows: described(count, "Rows that people have of messages") };
/** The work of one run of `npm run pack`. */
export const PackResult = z.object({ ...moved, dropped: z.optional(z.object(moved)) });

/** The messages of its topic that a start over drops and reads from the ledger again. */
export const StartOverResult = z.object({
  dropped: described(count, "Stored messages of the topic"),
  alongside: described(
    z.optional(z.array(TopicIdText)),
    "The topics that start over with it, because messages of them were dropped. Absent if there are none",
  ),
});

/** `refused`: the server did nothing, for the reason in `detail`. */
const ACTION_STATES = ["running", "done", "failed", "refused"] as const;

/** One entry of the operator log: an action, its operator, and its result. */
export const OperatorLogEntry = z.object({
  id: count,
  atMs: ms,
  updatedMs: described(ms, "The last update; a running action sends one every five seconds"),
  actor: z.string(),
  action: described(
    z.string(),
    "cache.invalidate, topic.audit, topic.pause, shards.split, accounts.bind, database.migrate, …",
  ),
  target: described(z.nullable(z.string()), "A topic or a user; null for everything"),
  state: z.enum(ACTION_STATES),
  detail: described(
    z.nullable(z.record(z.string(), z.unknown())),
    "A TopicCheck for topic.audit and topic.resync, a StartOverResult for topic.start-over, a PackResult for database.pack; `{error}` for failed and refused actions",
  ),
});
export type OperatorLogEntry = z.infer<typeof OperatorLogEntry>;

/** `GET /api/admin/audit-log?before=&limit=`, newest first */
export const OperatorLogQuery = z.strictObject({
  before: described(z.optional(wholeNumber(1, Number.MAX_SAFE_INTEGER)), "Entries older than this id"),
  limit: z._default(wholeNumber(1, 200), 50),
});
export const OperatorLogAnswer = z.object({ items: z.array(OperatorLogEntry), nextBefore: z.nullable(count) });
export type OperatorLogAnswer = z.infer<typeof OperatorLogAnswer>;

/** `POST /api/admin/cache/invalidate` */
export const InvalidateBody = z.strictObject({
  userId: described(z.optional(UserIdText), "The user whose views are invalidated; absent: everybody's"),
});
/** `POST /api/admin/topics/{topicId}/{resync|audit|start-over|pause|resume}` */
export const TopicActionBody = z.strictObject({});
/** `repeated`: this Idempotency-Key was used before, and `entry` is the entry of the first request. */
export const ActionAnswer = z.object({ ok: z.literal(true), repeated: z.boolean(), entry: OperatorLogEntry });
export type ActionAnswer = z.infer<typeof ActionAnswer>;

export const TopicStatus = z.object({
  topicId: TopicIdText,
  kinds: z.array(z.string()),
  state: described(
    z.enum(["idle", "pulling", "hole", "backing-off", "paused", "not-kept"]),
    "State of the topic's sync on this instance; not-kept: in the database only",
  ),
  paused: z.boolean(),
  cursor: count,
  interpreted: described(count, "Messages through this one were read by the current decoder"),
  dropped: DroppedMessages,
  startOver: described(
    z.optional(z.object({ work: z.enum(["dropping", "folding", "reading"]), through: count, to: count })),
    "What a start over still does to the topic, and how far it is: its stored messages are deleted, or folded again because another topic starts over, or read from the ledger again. Absent otherwise",
  ),
  asOf: described(z.nullable(ConsensusTimestamp), "Synced through this time; null before the first sync"),
  lastMessageAt: z.nullable(ConsensusTimestamp),
  lagMs: z.nullable(z.int().check(z.nonnegative())),
  gaps: described(
    z.array(z.object({ from: sequence, to: sequence, state: z.enum(["hole", "declared"]), firstSeenMs: ms })),
    "The oldest open gaps, at most 100",
  ),
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
  verifiedThrough: described(count, "Every message through this sequence number is stored and verified"),
  perMinute: described(
    z.array(count),
    "Messages that all instances committed in each of the last 30 minutes, the current one last",
  ),
  users: described(
    z.nullable(count),
    "Users with a message in this topic, at most ten minutes old; null above two million rows or without users",
  ),
  hottestShare: described(
    z.nullable(z.number().check(z.minimum(0), z.maximum(1))),
    "Share of the topic's rows that its ten busiest users have; null if not counted",
  ),
  lastError: z.nullable(z.string()),
  retryAtMs: z.nullable(ms),
  check: described(z.nullable(OperatorLogEntry), "The latest audit or resync of the topic"),
});
export type TopicStatus = z.infer<typeof TopicStatus>;

const tiers = z.object({ l1: TierStatus, redis: TierStatus, postgres: TierStatus });

export const InstanceStatus = z.object({
  instanceId: z.string(),
  place: described(z.nullable(InstancePlace), "Null if the instance runs an older release"),
  isThis: described(z.boolean(), "The instance that answered"),
  version: z.string(),
  startedMs: ms,
  reportedMs: ms,
  isEventBusConnected: z.boolean(),
  memory: z.object({ rssBytes: count, heapBytes: count }),
  tiers,
  mirrors: z.array(MirrorReport),
  incidents: described(z.array(IncidentAnswer), "Incidents that this instance sees"),
  ...activityShape,
});
export type InstanceStatus = z.infer<typeof InstanceStatus>;

const relationShape = { name: z.string(), rows: count, tableBytes: count, indexBytes: count } as const;

export const StorageStatus = z.object({
  readMs: ms,
  databaseBytes: count,
  tables: described(
    z.array(z.object({ ...relationShape, partitions: z.array(z.object(relationShape)) })),
    "Largest first. A partitioned table has the sum of its partitions. `rows` is the database's estimate, or a count where it has none",
  ),
});
export type StorageStatus = z.infer<typeof StorageStatus>;

/** A rejected message: stored with a reason, in no view. */
export const RejectedMessage = z.object({
  topicId: TopicIdText,
  sequence,
  consensusTimestamp: ConsensusTimestamp,
  disposition: z.enum(["undecodable", "untrusted", "failed", "unproven"]),
  reason: z.nullable(z.string()),
  payer: described(z.nullable(z.string()), "Null if the mirror does not name the payer"),
  bytes: count,
  text: described(z.string(), "Its first characters as safe text; ends with … if there are more"),
});
export type RejectedMessage = z.infer<typeof RejectedMessage>;

const dollarsPerDay = described(
  z.nullable(z.number().check(z.nonnegative())),
  "A day's cost at the rate so far; null until the oldest instance has run for an hour",
);

export const CostStatus = z.object({
  pricesReadOn: z.string(),
  sinceMs: described(ms, "Start of the oldest counted instance"),
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
  incidents: described(
    z.array(
      z.extend(IncidentAnswer, {
        instances: described(z.array(z.string()), "Ids of the instances that see it"),
      }),
    ),
    "Open incidents of all instances: critical ones first, then by age",
  ),
  instancesAreShared: described(
    z.boolean(),
    "Whether instances share reports (through Redis); otherwise only this one is listed",
  ),
  total: z.object({ tiers, memory: z.object({ rssBytes: count, heapBytes: count }), ...activityShape }),
  instances: z.array(InstanceStatus),
  history: described(MinuteColumns, "The last hour, minute by minute, all instances together"),
  errors: described(
    z.array(z.extend(ErrorKind, { instanceId: z.string() })),
    "The latest errors of each instance by kind, newest kind first",
  ),
  database: described(
    z.object({ answers: z.boolean(), topicsReadMs: z.nullable(ms), messagesReadMs: z.nullable(ms) }),
    "Whether the database answers, and when the data was read from it; null: not since the start",
  ),
  topics: z.array(TopicStatus),
  cappedAt: CappedAt,
  mirror: z.object({
    requestsPerSecondMax: count,
    waitMs: described(
      z.number().check(z.nonnegative()),
      "Longest wait of a mirror request, over all instances; 0: budget left",
    ),
    refused: count,
    requests: count,
    errors: count,
    rateLimited: count,
    headTime: z.nullable(ConsensusTimestamp),
    headLagMs: z.nullable(count),
    mirrors: described(z.array(MirrorReport), "Sums over all instances; `circuit` is the worst"),
  }),
  streams: z.object({ open: count, perUserMax: count, perInstanceMax: count }),
  storage: described(z.nullable(StorageStatus), "At most a minute old; null until the database answers"),
  rejected: described(z.array(RejectedMessage), "The latest undecodable, untrusted, failed and unproven messages"),
  cost: described(z.nullable(CostStatus), "Cost of requests and storage at list prices; null without a price table"),
});
export type AdminStatus = z.infer<typeof AdminStatus>;
