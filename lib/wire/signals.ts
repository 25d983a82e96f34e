import * as z from "zod/mini";
import { Author, ConsensusTimestamp, PositionNumber, TopicIdText, UserIdText, ViewMembers } from "./common";

export const Truncated = z
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

/** `GET /api/signals` */
export const SignalsAnswer = z.object({
  items: z.array(Signal),
  nextCursor: z.nullable(z.string()),
  position: PositionNumber,
  ...ViewMembers.shape,
});
export type SignalsAnswer = z.infer<typeof SignalsAnswer>;
