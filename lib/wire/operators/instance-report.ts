/** One instance's report. Counts run since the instance started, so that reports can be summed. */
import * as z from "zod";
import { IncidentAnswer } from "./health";
import { MinuteColumns, NO_HISTORY } from "./minute-history";
import { ERROR_KINDS_MAX, ErrorKind } from "./recent-errors";

const count = z.number().int().nonnegative();

const BreakerState = z.enum(["closed", "open", "half-open"]);

/** Counts per bucket of core/histogram, and the sum in milliseconds. */
export const LatencyCounts = z.object({ counts: z.array(count), sumMs: z.number().nonnegative() });
export type LatencyCounts = z.infer<typeof LatencyCounts>;

const tierShape = {
  hits: count,
  misses: count,
  stale: count.meta({ description: "Answers from a copy that could not be refreshed" }),
  errors: count,
  bytes: count.meta({ description: "L1: bytes in memory; Redis: bytes sent and received; Postgres: 0" }),
  breaker: BreakerState.nullable().meta({ description: "Circuit breaker; null if the tier has none" }),
} as const;
export const TierReport = z.object({ ...tierShape, latency: LatencyCounts });
export const TierStatus = z.object({
  ...tierShape,
  latency: z.object({
    count,
    meanMs: z.number().nullable(),
    p50Ms: z.number().nullable(),
    p95Ms: z.number().nullable(),
    p99Ms: z.number().nullable(),
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
  errors: count.meta({ description: "Failed requests, including 429 responses" }),
  rateLimited: count,
  lastError: z.string().nullable(),
  clockAheadMs: z.number().int().nullable().optional().meta({
    description: "How far the mirror's clock is ahead of the instance's, in milliseconds; null if unknown",
  }),
});

/** Members that a report and the sum of reports share. */
export const activityShape = {
  requests: z.record(z.string(), count).meta({ description: "By status class: 2xx, 3xx, …" }),
  commands: z.record(z.string(), count).meta({ description: "Redis commands by purpose" }),
  statements: z.record(z.string(), count).meta({ description: "SQL statements by purpose" }),
  streams: z.object({
    open: count,
    opened: count,
    refusedPerUser: count,
    refusedPerInstance: count,
  }),
  events: z.object({
    published: count,
    received: count,
    missed: count.meta({
      description: "How often the instance reloaded all views because it may have missed events",
    }),
    connections: count,
  }),
  budget: z.object({
    waitMs: z.number().nonnegative().meta({ description: "Wait of the last mirror request in milliseconds" }),
    refused: count.meta({ description: "Mirror requests refused because the wait was too long" }),
  }),
  sync: z.object({
    commits: count,
    conflicts: count.meta({ description: "Batches that another instance committed first" }),
    messages: count,
    gaps: count.meta({ description: "Gaps declared" }),
  }),
  submits: z.object({
    messages: count,
    transactions: count.meta({ description: "A message above 1,024 bytes takes several transactions" }),
    bytes: count,
    errors: count,
  }),
} as const;

const placeText = z.string().max(200);
/** Where an instance runs, in words that its operator knows. */
export const InstancePlace = z.object({
  host: placeText.meta({ description: "Host and port, the platform's machine, or `function`" }),
  region: placeText.nullable(),
  deployment: placeText.nullable().meta({ description: "The platform's id of the deployment" }),
});
export type InstancePlace = z.infer<typeof InstancePlace>;

export const InstanceReport = z.object({
  /** The version of the shape. During a deployment, instances of two releases run side by side. */
  form: z.literal(1),
  instanceId: z.string(),
  /** An older release sends no place. */
  place: InstancePlace.nullable().default(null),
  version: z.string(),
  startedMs: count,
  reportedMs: count,
  tiers: z.object({ l1: TierReport, redis: TierReport, postgres: TierReport }),
  mirrors: z.array(MirrorReport),
  isEventBusConnected: z.boolean(),
  memory: z.object({ rssBytes: count, heapBytes: count }),
  /** An older release sends none of the following three. */
  incidents: z.array(IncidentAnswer).default([]),
  history: MinuteColumns.default(NO_HISTORY),
  errors: z.array(ErrorKind).max(ERROR_KINDS_MAX).default([]),
  ...activityShape,
});
export type InstanceReport = z.infer<typeof InstanceReport>;
