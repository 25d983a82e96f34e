import * as z from "zod/mini";
import { ConsensusTimestamp, TopicIdText, ViewMembers } from "./common";

const Hash = z.nullable(z.string()).register(z.globalRegistry, { description: "Base64 of 48 bytes" });

/** Everything that a browser needs to compute the running hash itself. */
export const Proof = z.object({
  message: z.object({
    topicId: TopicIdText,
    sequenceNumber: z.int().check(z.positive()),
    consensusTimestamp: ConsensusTimestamp,
    payerAccountId: z
      .nullable(z.string())
      .register(z.globalRegistry, { description: "The payer; null if the mirror does not name it" }),
    runningHashVersion: z.nullable(z.int()),
    bytes: z.string().register(z.globalRegistry, { description: "Base64 of the message's (or chunk's) own bytes" }),
  }),
  previousRunningHash: Hash,
  runningHash: Hash,
  status: z.enum(["verified", "unverifiable", "failed"]),
  reason: z.nullable(z.string()),
  mirrors: z.int().check(z.positive()).register(z.globalRegistry, {
    description: "Number of mirrors whose hashes agree for the message's chain; 1 if only one was asked",
  }),
});
export type Proof = z.infer<typeof Proof>;

/** `GET /api/proof/{topicId}/{sequence}` */
export const ProofAnswer = z.object({ ...Proof.shape, ...ViewMembers.shape });
export type ProofAnswer = z.infer<typeof ProofAnswer>;
