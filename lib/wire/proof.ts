import * as z from "zod";
import { ConsensusTimestamp, TopicIdText, ViewMembers } from "./common";

const Hash = z.string().nullable().meta({ description: "Base64 of 48 bytes" });

/** Everything that a browser needs to compute the running hash itself. */
export const Proof = z.object({
  message: z.object({
    topicId: TopicIdText,
    sequenceNumber: z.number().int().positive(),
    consensusTimestamp: ConsensusTimestamp,
    payerAccountId: z.string().nullable().meta({ description: "The payer; null if the mirror does not name it" }),
    runningHashVersion: z.number().int().nullable(),
    bytes: z.string().meta({ description: "Base64 of the message's (or chunk's) own bytes" }),
  }),
  previousRunningHash: Hash,
  runningHash: Hash,
  status: z.enum(["verified", "unverifiable", "failed"]),
  reason: z.string().nullable(),
  mirrors: z.number().int().positive().meta({
    description: "Number of mirrors whose hashes agree for the message's chain; 1 if only one was asked",
  }),
});
export type Proof = z.infer<typeof Proof>;

/** `GET /api/proof/{topicId}/{sequence}` */
export const ProofAnswer = z.object({ ...Proof.shape, ...ViewMembers.shape });
export type ProofAnswer = z.infer<typeof ProofAnswer>;

/** `GET /api/registry/topics`: the topics the caller writes to. */
export const RegistryAnswer = z.object({
  ok: z.literal(true),
  topics: z.object({
    contacts: TopicIdText,
    trust: TopicIdText,
    profile: TopicIdText,
    recognition: TopicIdText,
    feed: TopicIdText,
    system: TopicIdText,
    recognitionDefinitions: TopicIdText,
    recognitionInstances: TopicIdText,
  }),
  meta: z.object({ source: z.string(), timestamp: z.string(), sharedContactsTrust: z.boolean() }),
});
export type RegistryAnswer = z.infer<typeof RegistryAnswer>;
