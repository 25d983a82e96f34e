/** Shapes of the operators' look-up of one person and one message. */
import * as z from "zod";
import { TOPIC_KINDS } from "../../core/ledger/ids";
import { TIERS } from "../../core/shards/shards";
import { AccountIdText, Author, ConsensusTimestamp, TopicIdText, UserIdText } from "../common";
import { Proof } from "../proof";

const count = z.number().int().nonnegative();
const sequence = z.number().int().positive();
const ms = count.meta({ description: "Milliseconds since 1970" });

/** A copy of a view in a cache tier, without its content. */
const Copy = z.object({
  view: z.string().meta({ description: "contacts, circle, signals or recognition, with a page if there is one" }),
  position: count,
  readMs: ms.meta({ description: "When it was read from Postgres, milliseconds since 1970" }),
  bytes: count,
  isFresh: z
    .boolean()
    .meta({ description: "False if the next read loads it again and uses this copy only as a last resort" }),
});

/** `GET /api/admin/people/{userId}` */
export const PersonLookup = z.object({
  userId: UserIdText,
  name: z.string().nullable().meta({ description: "Display name, otherwise handle; null without a profile" }),
  position: count.meta({ description: "Position in Postgres; 0 without any row" }),
  tier: z.enum(TIERS),
  tenantId: z.string().nullable(),
  topics: z
    .array(z.object({ kind: z.enum(TOPIC_KINDS), topicId: TopicIdText }))
    .meta({ description: "Topics that the person's next messages go to" }),
  counts: z.object({ signals: count, contacts: count, requestsIn: count, requestsOut: count }),
  accounts: z.array(AccountIdText).meta({ description: "Hedera accounts that sign in as this person by a binding" }),
  sessions: z.object({
    endedUntilMs: ms
      .nullable()
      .meta({ description: "Sessions issued until then have ended; null if this instance knows of no sign-out" }),
    openStreams: count.meta({ description: "Live streams on the instance that answered" }),
  }),
  caches: z.object({
    l1: z.array(Copy).meta({ description: "Memory of the instance that answered" }),
    redis: z.array(Copy).nullable().meta({ description: "Null if no Redis is configured, or it is down" }),
  }),
  lastWrites: z
    .array(
      z.object({ topicId: TopicIdText, sequence, consensusTimestamp: ConsensusTimestamp, type: z.string().nullable() }),
    )
    .meta({ description: "The person's latest messages, newest first, at most ten" }),
});
export type PersonLookup = z.infer<typeof PersonLookup>;

/** `GET /api/admin/topics/{topicId}/messages/{sequence}` */
export const MessageLookup = z.object({
  topicId: TopicIdText,
  sequence,
  consensusTimestamp: ConsensusTimestamp,
  payer: AccountIdText.nullable().meta({ description: "The payer; null if the mirror does not name it" }),
  isTrustedPayer: z.boolean().meta({ description: "Whether the payer may write for others (TRUSTED_PAYERS)" }),
  bytes: count,
  text: z.string().meta({ description: "The first 2,000 characters of the whole message, as safe text" }),
  disposition: z.enum(["signal", "part", "undecodable", "untrusted", "failed", "unproven"]),
  verification: z.enum(["verified", "unverifiable", "failed"]),
  reason: z.string().nullable().meta({ description: "Why the message is rejected, failed or unverifiable" }),
  author: Author.nullable().meta({
    description: "The evidence that the message is its sender's; null if it is not shown",
  }),
  signature: z.enum(["right", "wrong", "unprovable", "open"]).nullable().meta({
    description:
      "The sender's signature. unprovable: the account has no single key; open: its key is not known yet; null: there is no signature that could be checked",
  }),
  chunk: z.object({ number: count, total: count }).nullable(),
  type: z.string().nullable().meta({ description: "Null if the message cannot be decoded" }),
  actor: UserIdText.nullable(),
  target: UserIdText.nullable(),
  identity: z
    .object({
      did: z.string(),
      accountId: AccountIdText.nullable().meta({ description: "Null if the message ends the binding" }),
      counts: z.boolean().meta({ description: "Whether the message counts at sign-in; a later one may decide" }),
    })
    .nullable()
    .meta({ description: "Null if the message is about no identity" }),
  audience: z.enum(["nobody", "people", "contacts", "everybody"]).meta({
    description:
      "people: actor and target; contacts: also the actor's contacts; everybody: all users, because it is a definition",
  }),
  proof: Proof,
});
export type MessageLookup = z.infer<typeof MessageLookup>;
