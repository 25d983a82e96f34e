import * as z from "zod";
import { NUMERIC_TYPES, SUBMIT_TYPES } from "../core/signals/message-types";
import { ConsensusTimestamp, TopicIdText, UserIdText } from "./common";

const common = {
  from: UserIdText,
  nonce: z
    .number()
    .nonnegative()
    .max(Number.MAX_SAFE_INTEGER)
    .meta({ description: "Larger than the last one of this `from`; may be a fraction" }),
  ts: z.number().int().nonnegative().meta({ description: "Epoch seconds, within -600 and +120 of now" }),
  payload: z.record(z.string(), z.unknown()),
};

/** The UI's envelope: a type by its name. Further members are written as they are, for readers that look for them at the top. */
const NamedEnvelope = z.looseObject({ type: z.enum(SUBMIT_TYPES), ...common });
/** The numeric form of the envelope. */
const NumericEnvelope = z.looseObject({
  hcs: z.literal("21"),
  v: z.string().max(10).default("1.0"),
  type: z
    .number()
    .int()
    .min(0)
    .max(NUMERIC_TYPES.length - 1)
    .meta({ description: NUMERIC_TYPES.map((name, i) => `${i}: ${name}`).join(", ") }),
  ...common,
});

/** `POST /api/hcs/submit` */
export const SubmitBody = z.union([NumericEnvelope, NamedEnvelope]);
export type SubmitBody = z.infer<typeof SubmitBody>;

export const SubmitAnswer = z.object({
  ok: z.literal(true),
  topicId: TopicIdText,
  sequenceNumber: z.number().int().positive(),
  transactionId: z.string(),
  consensusTimestamp: ConsensusTimestamp.nullable(),
  minSequence: z.string().meta({ description: "The value to send as `If-Min-Sequence`: <topicId>=<sequence>" }),
});
export type SubmitAnswer = z.infer<typeof SubmitAnswer>;

/** `POST /api/sync` */
export const SyncBody = z
  .object({
    topics: z
      .array(TopicIdText)
      .max(64)
      .optional()
      .meta({ description: "The topics to sync; all of the caller's if absent" }),
  })
  .default({});

export const SyncAnswer = z.object({
  topics: z.array(
    z.object({
      topicId: TopicIdText,
      kind: z.string(),
      fromSequence: z.number().int(),
      toSequence: z.number().int(),
      added: z.number().int(),
      complete: z.boolean(),
      gaps: z
        .array(z.object({ from: z.number().int(), to: z.number().int() }))
        .meta({ description: "The first declared gaps, at most 100" }),
      gapCount: z.number().int().nonnegative(),
      verified: z.number().int(),
    }),
  ),
  durationMs: z.number(),
  mirrorRequests: z.number().int(),
});
export type SyncAnswer = z.infer<typeof SyncAnswer>;
