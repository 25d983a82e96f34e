/** One instance's report. Counts run since the instance started, so that reports can be summed. */
import * as z from "zod/mini";
import { described } from "../common";
import { IncidentAnswer } from "./health";
import { MinuteColumns, NO_HISTORY } from "./minute-history";
import { ERROR_KINDS_MAX, ErrorKind } from "./recent-errors";

const count = z.int().check(z.nonnegative());

const BreakerState = z.enum(["closed", "open", "half-open"]);

/** Counts per bucket of core/histogram, and the sum in milliseconds. */
export const LatencyCounts = z.object({ counts: z.array(count), sumMs: z.number().check(z.nonnegative()) });
export type LatencyCounts = z.infer<typeof LatencyCounts>;

const tierShape = {
  hits: count,
  misses: count,
  stale: described(count, "Answers from a copy that could not be refreshed"),
  errors: count,
  bytes: described(count, "L1: bytes in memory; Redis: bytes sent and received; Postgres: 0"),
  breaker: described(z.nullable(BreakerState), "Circuit breaker; null if the tier has none"),
} as const;
export const TierReport = z.object({ ...tierShape, latency: LatencyCounts });
export const TierStatus = z.object({
  ...tierShape,
  latency: z.object({
    count,
    meanMs: z.nullable(z.number()),
    p50Ms: z.nullable(z.number()),
    p95Ms: z.nullable(z.number()),
    p99Ms: z.nullable(z.number()),
  }),
});
export type TierReport = z.infer<typeof TierReport>;
export type TierStatus = z.infer<typeof TierStatus>;

export const TIER_NAMES = ["l1", "redis", "postgres"] as const;
export type TierName = (typeof TIER_NAMES)[number];

export const MirrorReport = z.object({
  origin: z.string(),
  circuit: BreakerState,
  requests: count,
  errors: described(count, "Failed requests, including 429 responses"),
  rateLimited: count,
  lastError: z.nullable(z.string()),
  clockAheadMs: described(
    z.optional(z.nullable(z.int())),
    "How far the mirror's clock is ahead of the instance's, in milliseconds; null if unknown",
  ),
});

/** Members that a report and the sum of reports share. */
export const activityShape = {
  requests: described(z.record(z.string(), count), "By status class: 2xx, 3xx, …"),
  commands: described(z.record(z.string(), count), "Redis commands by purpose"),
  statements: described(z.record(z.string(), count), "SQL statements by purpose"),
  streams: z.object({
    open: count,
    opened: count,
    refusedPerUser: count,
    refusedPerInstance: count,
  }),
  events: z.object({
    published: count,
    received: count,
    missed: described(count, "How often the instance reloaded all views because it may have missed events"),
    connections: count,
  }),
  budget: z.object({
    waitMs: described(z.number().check(z.nonnegative()), "Wait of the last mirror request in milliseconds"),
    refused: described(count, "Mirror requests refused because the wait was too long"),
  }),
  sync: z.object({
    commits: count,
    conflicts: described(count, "Batches that another instance committed first"),
    messages: count,
    gaps: described(count, "Gaps declared"),
  }),
  submits: z.object({
    messages: count,
    transactions: described(count, "A message above 1,024 bytes takes several transactions"),
    bytes: count,
    errors: count,
  }),
} as const;

const placeText = z.string().check(z.maxLength(200));
/** Where an instance runs, in words that its operator knows. */
export const InstancePlace = z.object({
  host: described(placeText, "Host and port, the platform's machine, or `function`"),
  region: z.nullable(placeText),
  deployment: described(z.nullable(placeText), "The platform's id of the deployment"),
});
export type InstancePlace = z.infer<typeof InstancePlace>;

export const InstanceReport = z.object({
  /** The version of the shape. During a deployment, instances of two releases run side by side. */
  form: z.literal(1),
  instanceId: z.string(),
  /** An older release sends no place. */
  place: z._default(z.nullable(InstancePlace), null),
  version: z.string(),
  startedMs: count,
  reportedMs: count,
  tiers: z.object({ l1: TierReport, redis: TierReport, postgres: TierReport }),
  mirrors: z.array(MirrorReport),
  isEventBusConnected: z.boolean(),
  memory: z.object({ rssBytes: count, heapBytes: count }),
  /** An older release sends none of the following three. */
  incidents: z._default(z.array(IncidentAnswer), []),
  history: z._default(MinuteColumns, NO_HISTORY),
  errors: z._default(z.array(ErrorKind).check(z.maxLength(ERROR_KINDS_MAX)), []),
  ...activityShape,
});
export type InstanceReport = z.infer<typeof InstanceReport>;
