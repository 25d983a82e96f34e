import * as z from "zod/mini";
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
  .optional(z.literal(true))
  .register(z.globalRegistry, { description: "The message is long and is cut; a member `…` marks the cut" });

export const Signal = z.object({
  id: z.string().register(z.globalRegistry, { description: "<topicId>/<sequence>" }),
  type: z.string(),
  actor: z.nullable(UserIdText),
  target: z.nullable(UserIdText),
  ts: z.int().register(z.globalRegistry, { description: "Epoch milliseconds" }),
  consensusTimestamp: z.nullable(ConsensusTimestamp).register(z.globalRegistry, {
    description: "Null while pending, until the network reports it",
  }),
  topicId: TopicIdText,
  sequenceNumber: z.int().check(z.positive()),
  metadata: z.record(z.string(), z.unknown()),
  source: z.enum(["hcs", "hcs-cached", "pending"]),
  verified: z.enum(["verified", "unverifiable", "failed"]),
  author: z.optional(Author).register(z.globalRegistry, {
    description:
      "The evidence that the message is its actor's: the account that paid for it, a signature of the actor's key, or both. Absent in a copy that an earlier version kept",
  }),
  position: PositionNumber.clone().register(z.globalRegistry, { description: "0 while pending" }),
  truncated: Truncated,
});
export type Signal = z.infer<typeof Signal>;

const MAX_PAGE = 100;

/**
 * No message on the ledger has a type with a control character or a lone surrogate (core/signals/envelope), and a database
 * rejects some of them.
 */
const TypeName = z.string().check(
  z.minLength(1),
  z.maxLength(50),
  z.refine((text) => !/\p{C}/u.test(text), "without control characters"),
);

export const SignalsQuery = z.object({
  type: z
    ._default(
      z.union([
        z.pipe(
          TypeName,
          z.transform((one) => [one]),
        ),
        z.array(TypeName).check(z.maxLength(20)),
      ]),
      [],
    )
    .register(z.globalRegistry, { description: "Repeatable" }),
  limit: z._default(wholeNumber(1, MAX_PAGE), 50),
  cursor: z.optional(z.string().check(z.maxLength(200))),
});

/** `GET /api/signals` */
export const SignalsAnswer = z.object({
  items: z.array(Signal),
  nextCursor: z.nullable(z.string()),
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type SignalsAnswer = z.infer<typeof SignalsAnswer>;

const EVENT_TYPES = ["contact", "trust", "recognition", "profile"] as const;

export const EventsQuery = z.object({
  type: z._default(z.enum(EVENT_TYPES), "trust"),
  since: z.optional(
    z
      .string()
      .check(
        z.refine(
          (text) => parseConsensusTime(text) !== null,
          "give the watermark of an earlier answer, such as 1764230400.123456789",
        ),
      )
      .register(z.globalRegistry, {
        description: "The watermark of an earlier answer: seconds and nine digits of nanoseconds",
      }),
  ),
  limit: z._default(wholeNumber(1, 200), 200),
});

/** `GET /api/hcs/events` */
export const EventsAnswer = z.object({
  ok: z.literal(true),
  type: z.enum(EVENT_TYPES),
  watermark: z.string().register(z.globalRegistry, { description: "The next `since`" }),
  items: z.array(
    z.object({
      consensus_timestamp: ConsensusTimestamp,
      sequence_number: z.int(),
      topic_id: TopicIdText,
      json: z.unknown(),
      truncated: Truncated,
    }),
  ),
  ...ViewMembers.shape,
});
export type EventsAnswer = z.infer<typeof EventsAnswer>;
