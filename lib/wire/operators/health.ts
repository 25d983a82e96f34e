import * as z from "zod/mini";
import { CappedAt } from "../common";

export const HealthAnswer = z.object({ ok: z.literal(true), uptimeSeconds: z.number() });

/** A condition that an operator must know of. The operators' page and the log use the same words. */
export const IncidentAnswer = z.object({
  code: z.string().register(z.globalRegistry, { description: "A stable code; docs/operations.md explains each" }),
  subject: z
    .nullable(z.string())
    .register(z.globalRegistry, { description: "The topic, mirror or instance it is about" }),
  severity: z.enum(["critical", "warning"]),
  sinceMs: z.int().check(z.nonnegative()).register(z.globalRegistry, { description: "Milliseconds since 1970" }),
  summary: z.string().register(z.globalRegistry, { description: "What is wrong, one sentence" }),
  action: z.string().register(z.globalRegistry, { description: "What to do about it, one sentence" }),
});
export type IncidentAnswer = z.infer<typeof IncidentAnswer>;

/** `GET /api/health/ready`. The answer is 503, in the same shape, if `ready` is false. */
export const ReadyAnswer = z.object({
  ready: z.boolean().register(z.globalRegistry, { description: "Whether this instance can serve" }),
  degraded: z.boolean().register(z.globalRegistry, { description: "Whether an incident is open" }),
  incidents: z
    .array(IncidentAnswer)
    .register(z.globalRegistry, { description: "What is wrong, as this instance sees it" }),
  progress: z
    .nullable(z.string())
    .register(z.globalRegistry, { description: "Progress of the first sync; null when it has ended" }),
  tiers: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.nullable(z.string()) })),
});
export type ReadyAnswer = z.infer<typeof ReadyAnswer>;

/** `GET /api/health/ingestion` */
export const IngestionAnswer = z.object({
  ok: z.boolean().register(z.globalRegistry, { description: "Whether there are no incidents" }),
  incidents: z
    .array(IncidentAnswer)
    .register(z.globalRegistry, { description: "What is wrong, as any instance sees it" }),
  alarms: z.array(z.string()).register(z.globalRegistry, { description: "The summaries of the incidents" }),
  asOfMs: z.nullable(z.int()).register(z.globalRegistry, {
    description: "When the topics were read from the database; null before the first answer",
  }),
  topics: z.array(
    z.object({
      topicId: z.string(),
      kinds: z.array(z.string()),
      cursor: z.int(),
      state: z.string(),
      lagMs: z.nullable(z.int()).register(z.globalRegistry, {
        description: "How long the topic has been behind its readers' demand; null if it is not synced here",
      }),
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
  incidents: z
    .array(IncidentAnswer)
    .register(z.globalRegistry, { description: "What is wrong between this instance and the ledger" }),
  mirror: z.object({
    reachable: z.boolean(),
    detail: z.nullable(z.string()),
    headTime: z.nullable(z.string()),
    lagMs: z.nullable(z.number()),
  }),
});
export type HcsHealthAnswer = z.infer<typeof HcsHealthAnswer>;
