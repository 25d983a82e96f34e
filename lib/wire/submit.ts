import * as z from "zod/mini";
import { NUMERIC_TYPES, SUBMIT_TYPES } from "../core/signals/message-types";
import { ConsensusTimestamp, TopicIdText, UserIdText } from "./common";

const common = {
  from: UserIdText,
  nonce: z
    .number()
    .check(z.nonnegative(), z.maximum(Number.MAX_SAFE_INTEGER))
    .register(z.globalRegistry, { description: "Larger than the last one of this `from`; may be a fraction" }),
  ts: z
    .int()
    .check(z.nonnegative())
    .register(z.globalRegistry, { description: "Epoch seconds, within -600 and +120 of now" }),
  payload: z.record(z.string(), z.unknown()),
};

/** The UI's envelope: a type by its name. Further members are written as they are, for readers that look for them at the top. */
const NamedEnvelope = z.looseObject({ type: z.enum(SUBMIT_TYPES), ...common });
/** The numeric form of the envelope. */
const NumericEnvelope = z.looseObject({
  hcs: z.literal("21"),
  v: z._default(z.string().check(z.maxLength(10)), "1.0"),
  type: z
    .int()
    .check(z.minimum(0), z.maximum(NUMERIC_TYPES.length - 1))
    .register(z.globalRegistry, { description: NUMERIC_TYPES.map((name, i) => `${i}: ${name}`).join(", ") }),
  ...common,
});

/** `POST /api/hcs/submit` */
export const SubmitBody = z.union([NumericEnvelope, NamedEnvelope]);
export type SubmitBody = z.infer<typeof SubmitBody>;

export const SubmitAnswer = z.object({
  ok: z.literal(true),
  topicId: TopicIdText,
  sequenceNumber: z.int().check(z.positive()),
  transactionId: z.string(),
  consensusTimestamp: z.nullable(ConsensusTimestamp),
  minSequence: z
    .string()
    .register(z.globalRegistry, { description: "The value to send as `If-Min-Sequence`: <topicId>=<sequence>" }),
});
export type SubmitAnswer = z.infer<typeof SubmitAnswer>;

/** `POST /api/sync` */
export const SyncBody = z._default(
  z.object({
    topics: z
      .optional(z.array(TopicIdText).check(z.maxLength(64)))
      .register(z.globalRegistry, { description: "The topics to sync; all of the caller's if absent" }),
  }),
  {},
);

export const SyncAnswer = z.object({
  topics: z.array(
    z.object({
      topicId: TopicIdText,
      kind: z.string(),
      fromSequence: z.int(),
      toSequence: z.int(),
      added: z.int(),
      complete: z.boolean(),
      gaps: z
        .array(z.object({ from: z.int(), to: z.int() }))
        .register(z.globalRegistry, { description: "The first declared gaps, at most 100" }),
      gapCount: z.int().check(z.nonnegative()),
      verified: z.int(),
    }),
  ),
  durationMs: z.number(),
  mirrorRequests: z.int(),
});
export type SyncAnswer = z.infer<typeof SyncAnswer>;
