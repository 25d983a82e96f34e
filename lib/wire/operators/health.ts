import * as z from "zod";
import { CappedAt } from "../common";

export const HealthAnswer = z.object({ ok: z.literal(true), uptimeSeconds: z.number() });

/** A condition that an operator must know of. The operators' page and the log use the same words. */
export const IncidentAnswer = z.object({
  code: z.string().meta({ description: "A stable code; docs/operations.md explains each" }),
  subject: z.string().nullable().meta({ description: "The topic, mirror or instance it is about" }),
  severity: z.enum(["critical", "warning"]),
  sinceMs: z.number().int().nonnegative().meta({ description: "Milliseconds since 1970" }),
  summary: z.string().meta({ description: "What is wrong, one sentence" }),
  action: z.string().meta({ description: "What to do about it, one sentence" }),
});
export type IncidentAnswer = z.infer<typeof IncidentAnswer>;

/** `GET /api/health/ready`. The answer is 503, in the same shape, if `ready` is false. */
export const ReadyAnswer = z.object({
  ready: z.boolean().meta({ description: "Whether this instance can serve" }),
  degraded: z.boolean().meta({ description: "Whether an incident is open" }),
  incidents: z.array(IncidentAnswer).meta({ description: "What is wrong, as this instance sees it" }),
  progress: z.string().nullable().meta({ description: "Progress of the first sync; null when it has ended" }),
  tiers: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().nullable() })),
});
export type ReadyAnswer = z.infer<typeof ReadyAnswer>;

/** `GET /api/health/ingestion` */
export const IngestionAnswer = z.object({
  ok: z.boolean().meta({ description: "Whether there are no incidents" }),
  incidents: z.array(IncidentAnswer).meta({ description: "What is wrong, as any instance sees it" }),
  alarms: z.array(z.string()).meta({ description: "The summaries of the incidents" }),
  asOfMs: z
    .number()
    .int()
    .nullable()
    .meta({ description: "When the topics were read from the database; null before the first answer" }),
  topics: z.array(
    z.object({
      topicId: z.string(),
      kinds: z.array(z.string()),
      cursor: z.number().int(),
      state: z.string(),
      lagMs: z
        .number()
        .int()
        .nullable()
        .meta({ description: "How long the topic has been behind its readers' demand; null if it is not synced here" }),
      gaps: z.array(z.object({ from: z.number().int(), to: z.number().int(), state: z.string() })),
      counts: z.object({
        messages: z.number().int(),
        verified: z.number().int(),
        unverifiable: z.number().int(),
        failed: z.number().int(),
        undecodable: z.number().int(),
        untrusted: z.number().int(),
        unproven: z.number().int(),
      }),
      lastError: z.string().nullable(),
    }),
  ),
  cappedAt: CappedAt,
});
export type IngestionAnswer = z.infer<typeof IngestionAnswer>;

/** `GET /api/health/hcs` */
export const HcsHealthAnswer = z.object({
  ok: z.boolean(),
  network: z.string(),
  incidents: z.array(IncidentAnswer).meta({ description: "What is wrong between this instance and the ledger" }),
  mirror: z.object({
    reachable: z.boolean(),
    detail: z.string().nullable(),
    headTime: z.string().nullable(),
    lagMs: z.number().nullable(),
  }),
});
export type HcsHealthAnswer = z.infer<typeof HcsHealthAnswer>;
