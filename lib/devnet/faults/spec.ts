/**
 * The faults that can be switched on, and where. A fault may be limited to a topic, a range of sequence numbers, a share of
 * requests (`probability`) or a number of times it shows (`times`); a temporary hole is a hole with `times`, or one that
 * is removed later.
 */
import { z } from "zod";

const count = z.int().min(0);

const scope = {
  /** Only this topic (`0.0.1001`). Without it, all topics and all routes that the fault can touch. */
  topicId: z.string().optional(),
  /** Only messages in this range, both ends included. For faults of messages. */
  fromSequence: z.int().min(1).optional(),
  toSequence: z.int().min(1).optional(),
  /** The share of requests that it hits: 1 if absent. */
  probability: z.number().min(0).max(1).optional(),
  /** How many answers it changes before it ends; no limit if absent. */
  times: count.optional(),
};

/** Faults of a whole request, on any route, or only on `route`. */
const requestScope = { ...scope, route: z.string().optional() };

const faultSpec = z.discriminatedUnion("kind", [
  /** Answers `ms` late. */
  z.strictObject({ kind: z.literal("latency"), ms: z.number().min(0), ...requestScope }),
  /** 429 with an HTML body; `Retry-After` only where it is given. */
  z.strictObject({ kind: z.literal("rateLimited"), retryAfterS: count.optional(), ...requestScope }),
  /** A gateway's error with an HTML body: 502, or what `status` says. */
  z.strictObject({ kind: z.literal("badGateway"), status: z.int().min(500).max(599).optional(), ...requestScope }),
  /** The connection is reset: before a byte was sent, or after `afterBytes` of the body. */
  z.strictObject({ kind: z.literal("reset"), afterBytes: count.optional(), ...requestScope }),
  /** A page that ends early and looks complete: `keep` messages (half if absent), `links.next` null. */
  z.strictObject({ kind: z.literal("truncated"), keep: count.optional(), ...scope }),
  /** Messages that are missing from pages and from single look-ups. */
  z.strictObject({ kind: z.literal("hole"), ...scope }),
  /** `running_hash` and its version null, or left out. */
  z.strictObject({ kind: z.literal("missingHash"), absent: z.boolean().optional(), ...scope }),
  /** Other message bytes than were hashed: `message` (base64), or the real ones with a trace of forgery. */
  z.strictObject({ kind: z.literal("forgedContent"), message: z.base64().optional(), ...scope }),
  /** A running hash that is not the ledger's. */
  z.strictObject({ kind: z.literal("forgedHash"), ...scope }),
  /** Each message of a page twice. */
  z.strictObject({ kind: z.literal("duplicateMessages"), ...scope }),
  /** The topic's previous page again, instead of the one that was asked for. */
  z.strictObject({ kind: z.literal("repeatedPage"), ...scope }),
  /** Nothing after `at` (a consensus timestamp; the moment of switching on if absent) is visible, and blocks stop. */
  z.strictObject({
    kind: z.literal("stalledHead"),
    at: z
      .string()
      .regex(/^\d{1,10}(\.\d{1,9})?$/)
      .optional(),
  }),
  /** The mirror is always `ms` behind consensus. */
  z.strictObject({ kind: z.literal("laggingHead"), ms: z.number().min(0) }),
  /** The consensus node answers BUSY to transactions. */
  z.strictObject({ kind: z.literal("nodeBusy"), probability: scope.probability, times: scope.times }),
]);

export type FaultSpec = z.infer<typeof faultSpec>;
export type FaultKind = FaultSpec["kind"];

/** A fault that is switched on. */
export interface ActiveFault {
  readonly id: number;
  readonly spec: FaultSpec;
  /** How often it has shown. */
  readonly hits: number;
}

/** Names the first thing that is wrong with a fault, for whoever switched it on. */
export function parseFaults(value: unknown): { ok: true; specs: FaultSpec[] } | { ok: false; error: string } {
  const list = z.array(faultSpec).safeParse(Array.isArray(value) ? value : [value]);
  if (list.success) return { ok: true, specs: list.data };
  const issue = list.error.issues[0];
  return { ok: false, error: `faults: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "invalid"}` };
}
