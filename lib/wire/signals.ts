import * as z from "zod/mini";
import {
  Author,
  ConsensusTimestamp,
  DroppedThrough,
  described,
  Place,
  PositionNumber,
  TopicIdText,
  UserIdText,
  ViewMembers,
} from "./common";

export const Truncated = described(
  z.optional(z.literal(true)),
  "The message is long and is cut; a member `…` marks the cut",
);

export const Signal = z.object({
  id: described(
    z.string(),
    "<topicId>/<sequence>, and /<place> behind it if the message is a batch and this is not its first signal",
  ),
  type: z.string(),
  actor: z.nullable(UserIdText),
  target: z.nullable(UserIdText),
  ts: described(z.int(), "Epoch milliseconds"),
  consensusTimestamp: described(z.nullable(ConsensusTimestamp), "Null while pending, until the network reports it"),
  topicId: TopicIdText,
  sequenceNumber: z.int().check(z.positive()),
  place: Place,
  metadata: z.record(z.string(), z.unknown()),
  source: z.enum(["hcs", "hcs-cached", "pending"]),
  verified: z.enum(["verified", "unverifiable", "failed"]),
  author: described(
    z.optional(Author),
    "The evidence that the message is its actor's: the account that paid for it, a signature of the actor's key, or both. Absent in a copy that an earlier version kept",
  ),
  position: described(PositionNumber, "0 while pending"),
  truncated: Truncated,
});
export type Signal = z.infer<typeof Signal>;

/** `GET /api/signals` */
export const SignalsAnswer = z.object({
  items: z.array(Signal),
  nextCursor: z.nullable(z.string()),
  droppedThrough: DroppedThrough,
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type SignalsAnswer = z.infer<typeof SignalsAnswer>;
