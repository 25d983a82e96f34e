import * as z from "zod/mini";
import { ConsensusTimestamp, described, TopicIdText, ViewMembers } from "./common";

const Hash = described(z.nullable(z.string()), "Base64 of 48 bytes");

/** Everything that a browser needs to compute the running hash itself. */
export const Proof = z.object({
  message: z.object({
    topicId: TopicIdText,
    sequenceNumber: z.int().check(z.positive()),
    consensusTimestamp: ConsensusTimestamp,
    payerAccountId: described(z.nullable(z.string()), "The payer; null if the mirror does not name it"),
    runningHashVersion: z.nullable(z.int()),
    bytes: described(z.string(), "Base64 of the message's (or chunk's) own bytes"),
  }),
  previousRunningHash: Hash,
  runningHash: Hash,
  status: z.enum(["verified", "unverifiable", "failed"]),
  reason: z.nullable(z.string()),
  mirrors: described(
    z.int().check(z.positive()),
    "Number of mirrors whose hashes agree for the message's chain; 1 if only one was asked",
  ),
});
export type Proof = z.infer<typeof Proof>;

/** `GET /api/proof/{topicId}/{sequence}` */
export const ProofAnswer = z.object({ ...Proof.shape, ...ViewMembers.shape });
export type ProofAnswer = z.infer<typeof ProofAnswer>;
