import * as z from "zod";
import { parseConsensusTime } from "../core/ledger/consensus-time";
import {
  Author,
  ConsensusTimestamp,
  PositionNumber,
  TopicIdText,
  UserIdText,
  ViewMembers,
  wholeNumber,
} from "./common";

const Truncated = z
  .literal(true)
  .optional()
  .meta({ description: "The message is long and is cut; a member `…` marks the cut" });

export const Signal = z.object({
  id: z.string().meta({ description: "<topicId>/<sequence>" }),
  type: z.string(),
  actor: UserIdText.nullable(),
  target: UserIdText.nullable(),
  ts: z.number().int().meta({ description: "Epoch milliseconds" }),
  consensusTimestamp: ConsensusTimestamp.nullable().meta({
    description: "Null while pending, until the network reports it",
  }),
  topicId: TopicIdText,
  sequenceNumber: z.number().int().positive(),
  metadata: z.record(z.string(), z.unknown()),
  source: z.enum(["hcs", "hcs-cached", "pending"]),
  verified: z.enum(["verified", "unverifiable", "failed"]),
  author: Author.optional().meta({
    description:
      "The evidence that the message is its actor's: the account that paid for it, a signature of the actor's key, or both. Absent in a copy that an earlier version kept",
  }),
  position: PositionNumber.meta({ description: "0 while pending" }),
  truncated: Truncated,
});
export type Signal = z.infer<typeof Signal>;

const MAX_PAGE = 100;

/**
 * No message on the ledger has a type with a control character or a lone surrogate (core/signals/envelope), and a database
 * rejects some of them.
 */
const TypeName = z
  .string()
  .min(1)
  .max(50)
  .refine((text) => !/\p{C}/u.test(text), "without control characters");

export const SignalsQuery = z.object({
  type: z
    .union([TypeName.transform((one) => [one]), z.array(TypeName).max(20)])
    .default([])
    .meta({ description: "Repeatable" }),
  limit: wholeNumber(1, MAX_PAGE).default(50),
  cursor: z.string().max(200).optional(),
});

/** `GET /api/signals` */
export const SignalsAnswer = z.object({
  items: z.array(Signal),
  nextCursor: z.string().nullable(),
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type SignalsAnswer = z.infer<typeof SignalsAnswer>;

const EVENT_TYPES = ["contact", "trust", "recognition", "profile"] as const;

export const EventsQuery = z.object({
  type: z.enum(EVENT_TYPES).default("trust"),
  since: z
    .string()
    .refine(
      (text) => parseConsensusTime(text) !== null,
      "give the watermark of an earlier answer, such as 1764230400.123456789",
    )
    .meta({ description: "The watermark of an earlier answer: seconds and nine digits of nanoseconds" })
    .optional(),
  limit: wholeNumber(1, 200).default(200),
});

/** `GET /api/hcs/events` */
export const EventsAnswer = z.object({
  ok: z.literal(true),
  type: z.enum(EVENT_TYPES),
  watermark: z.string().meta({ description: "The next `since`" }),
  items: z.array(
    z.object({
      consensus_timestamp: ConsensusTimestamp,
      sequence_number: z.number().int(),
      topic_id: TopicIdText,
      json: z.unknown(),
      truncated: Truncated,
    }),
  ),
  ...ViewMembers.shape,
});
export type EventsAnswer = z.infer<typeof EventsAnswer>;
