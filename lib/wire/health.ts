import { z } from "zod";

export const HealthAnswer = z.object({ ok: z.literal(true), uptimeSeconds: z.number() });

/** `GET /api/health/ready`: 503 with the same shape while any tier is not `ok`. */
export const ReadyAnswer = z.object({
  ready: z.boolean(),
  tiers: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().nullable() })),
});
export type ReadyAnswer = z.infer<typeof ReadyAnswer>;

/** `GET /api/health/ingestion` */
export const IngestionAnswer = z.object({
  ok: z.boolean(),
  alarms: z.array(z.string()).meta({ description: "What an operator should look at, as sentences" }),
  topics: z.array(
    z.object({
      topicId: z.string(),
      kinds: z.array(z.string()),
      cursor: z.number().int(),
      state: z.string(),
      lagMs: z.number().int().nullable(),
      gaps: z.array(z.object({ from: z.number().int(), to: z.number().int(), state: z.string() })),
      counts: z.object({
        messages: z.number().int(),
        verified: z.number().int(),
        unverifiable: z.number().int(),
        failed: z.number().int(),
        undecodable: z.number().int(),
        untrusted: z.number().int(),
      }),
      lastError: z.string().nullable(),
    }),
  ),
});
export type IngestionAnswer = z.infer<typeof IngestionAnswer>;

/** `GET /api/health/hcs` */
export const HcsHealthAnswer = z.object({
  ok: z.boolean(),
  network: z.string(),
  mirror: z.object({
    reachable: z.boolean(),
    detail: z.string().nullable(),
    headTime: z.string().nullable(),
    lagMs: z.number().nullable(),
  }),
});
export type HcsHealthAnswer = z.infer<typeof HcsHealthAnswer>;
