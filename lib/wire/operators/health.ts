import * as z from "zod/mini";
import { CappedAt, described } from "../common";
import { DroppedMessages } from "./dropped";

export const HealthAnswer = z.object({ ok: z.literal(true), uptimeSeconds: z.number() });

/** A condition that an operator must know of. The operators' page and the log use the same words. */
export const IncidentAnswer = z.object({
  code: described(z.string(), "A stable code; docs/operations.md explains each"),
  subject: described(z.nullable(z.string()), "The topic, mirror or instance it is about"),
  severity: z.enum(["critical", "warning"]),
  sinceMs: described(z.int().check(z.nonnegative()), "Milliseconds since 1970"),
  summary: described(z.string(), "What is wrong, one sentence"),
  action: described(z.string(), "What to do about it, one sentence"),
});
export type IncidentAnswer = z.infer<typeof IncidentAnswer>;

/** `GET /api/health/ready`. The answer is 503, in the same shape, if `ready` is false. */
export const ReadyAnswer = z.object({
  ready: described(z.boolean(), "Whether this instance can serve"),
  degraded: described(z.boolean(), "Whether an incident is open"),
  incidents: described(z.array(IncidentAnswer), "What is wrong, as this instance sees it"),
  progress: described(z.nullable(z.string()), "Progress of the first sync; null when it has ended"),
  tiers: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.nullable(z.string()) })),
});
export type ReadyAnswer = z.infer<typeof ReadyAnswer>;

/** `GET /api/health/ingestion` */
export const IngestionAnswer = z.object({
  ok: described(z.boolean(), "Whether there are no incidents"),
  incidents: described(z.array(IncidentAnswer), "What is wrong, as any instance sees it"),
  alarms: described(z.array(z.string()), "The summaries of the incidents"),
  asOfMs: described(z.nullable(z.int()), "When the topics were read from the database; null before the first answer"),
  topics: z.array(
    z.object({
      topicId: z.string(),
      kinds: z.array(z.string()),
      cursor: z.int(),
      state: z.string(),
      lagMs: described(
        z.nullable(z.int()),
        "How long the topic has been behind its readers' demand; null if it is not synced here",
      ),
      gaps: z.array(z.object({ from: z.int(), to: z.int(), state: z.string() })),
      counts: z.object({
        messages: z.int(),
        verified: z.int(),
        unverifiable: z.int(),
        failed: z.int(),
        undecodable: z.int(),
        untrusted: z.int(),
        unproven: z.int(),
      }),
      dropped: DroppedMessages,
      lastError: z.nullable(z.string()),
    }),
  ),
  cappedAt: CappedAt,
});
export type IngestionAnswer = z.infer<typeof IngestionAnswer>;

/** `GET /api/health/hcs` */
export const HcsHealthAnswer = z.object({
  ok: z.boolean(),
  network: z.string(),
  incidents: described(z.array(IncidentAnswer), "What is wrong between this instance and the ledger"),
  mirror: z.object({
    reachable: z.boolean(),
    detail: z.nullable(z.string()),
    headTime: z.nullable(z.string()),
    lagMs: z.nullable(z.number()),
  }),
});
export type HcsHealthAnswer = z.infer<typeof HcsHealthAnswer>;
