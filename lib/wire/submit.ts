import * as z from "zod/mini";
import { ConsensusTimestamp, described, Place, TopicIdText } from "./common";

/** `POST /api/hcs/submit` */
export const SubmitAnswer = z.object({
  ok: z.literal(true),
  topicId: TopicIdText,
  sequenceNumber: z.int().check(z.positive()),
  place: Place,
  transactionId: z.string(),
  consensusTimestamp: z.nullable(ConsensusTimestamp),
  minSequence: described(z.string(), "The value to send as `If-Min-Sequence`: <topicId>=<sequence>"),
});
export type SubmitAnswer = z.infer<typeof SubmitAnswer>;
