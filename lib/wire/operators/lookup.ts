/** Shapes of the operators' look-up of one person and one message. */
import * as z from "zod/mini";
import { TOPIC_KINDS } from "../../core/ledger/ids";
import { TIERS } from "../../core/shards/shards";
import { AccountIdText, Author, ConsensusTimestamp, TopicIdText, UserIdText } from "../common";
import { Proof } from "../proof";

const count = z.int().check(z.nonnegative());
const sequence = z.int().check(z.positive());
const ms = count.clone().register(z.globalRegistry, { description: "Milliseconds since 1970" });

/** A copy of a view in a cache tier, without its content. */
const Copy = z.object({
  view: z.string().register(z.globalRegistry, {
    description: "contacts, circle, signals or recognition, with a page if there is one",
  }),
  position: count,
  readMs: ms
    .clone()
    .register(z.globalRegistry, { description: "When it was read from Postgres, milliseconds since 1970" }),
  bytes: count,
  isFresh: z.boolean().register(z.globalRegistry, {
    description: "False if the next read loads it again and uses this copy only as a last resort",
  }),
});

/** `GET /api/admin/people/{userId}` */
export const PersonLookup = z.object({
  userId: UserIdText,
  name: z
    .nullable(z.string())
    .register(z.globalRegistry, { description: "Display name, otherwise handle; null without a profile" }),
  position: count.clone().register(z.globalRegistry, { description: "Position in Postgres; 0 without any row" }),
  tier: z.enum(TIERS),
  tenantId: z.nullable(z.string()),
  topics: z
    .array(z.object({ kind: z.enum(TOPIC_KINDS), topicId: TopicIdText }))
    .register(z.globalRegistry, { description: "Topics that the person's next messages go to" }),
  counts: z.object({ signals: count, contacts: count, requestsIn: count, requestsOut: count }),
  accounts: z
    .array(AccountIdText)
    .register(z.globalRegistry, { description: "Hedera accounts that sign in as this person by a binding" }),
  sessions: z.object({
    endedUntilMs: z.nullable(ms).register(z.globalRegistry, {
      description: "Sessions issued until then have ended; null if this instance knows of no sign-out",
    }),
    openStreams: count
      .clone()
      .register(z.globalRegistry, { description: "Live streams on the instance that answered" }),
  }),
  caches: z.object({
    l1: z.array(Copy).register(z.globalRegistry, { description: "Memory of the instance that answered" }),
    redis: z
      .nullable(z.array(Copy))
      .register(z.globalRegistry, { description: "Null if no Redis is configured, or it is down" }),
  }),
  lastWrites: z
    .array(
      z.object({
        topicId: TopicIdText,
        sequence,
        consensusTimestamp: ConsensusTimestamp,
        type: z.nullable(z.string()),
      }),
    )
    .register(z.globalRegistry, { description: "The person's latest messages, newest first, at most ten" }),
});
export type PersonLookup = z.infer<typeof PersonLookup>;

/** `GET /api/admin/topics/{topicId}/messages/{sequence}` */
export const MessageLookup = z.object({
  topicId: TopicIdText,
  sequence,
  consensusTimestamp: ConsensusTimestamp,
  payer: z
    .nullable(AccountIdText)
    .register(z.globalRegistry, { description: "The payer; null if the mirror does not name it" }),
  isTrustedPayer: z
    .boolean()
    .register(z.globalRegistry, { description: "Whether the payer may write for others (TRUSTED_PAYERS)" }),
  bytes: count,
  text: z
    .string()
    .register(z.globalRegistry, { description: "The first 2,000 characters of the whole message, as safe text" }),
  disposition: z.enum(["signal", "part", "undecodable", "untrusted", "failed", "unproven"]),
  verification: z.enum(["verified", "unverifiable", "failed"]),
  reason: z
    .nullable(z.string())
    .register(z.globalRegistry, { description: "Why the message is rejected, failed or unverifiable" }),
  author: z.nullable(Author).register(z.globalRegistry, {
    description: "The evidence that the message is its sender's; null if it is not shown",
  }),
  signature: z.nullable(z.enum(["right", "wrong", "unprovable", "open"])).register(z.globalRegistry, {
    description:
      "The sender's signature. unprovable: the account has no single key; open: its key is not known yet; null: there is no signature that could be checked",
  }),
  chunk: z.nullable(z.object({ number: count, total: count })),
  type: z.nullable(z.string()).register(z.globalRegistry, { description: "Null if the message cannot be decoded" }),
  actor: z.nullable(UserIdText),
  target: z.nullable(UserIdText),
  identity: z
    .nullable(
      z.object({
        did: z.string(),
        accountId: z
          .nullable(AccountIdText)
          .register(z.globalRegistry, { description: "Null if the message ends the binding" }),
        counts: z
          .boolean()
          .register(z.globalRegistry, { description: "Whether the message counts at sign-in; a later one may decide" }),
      }),
    )
    .register(z.globalRegistry, { description: "Null if the message is about no identity" }),
  audience: z.enum(["nobody", "people", "contacts", "everybody"]).register(z.globalRegistry, {
    description:
      "people: actor and target; contacts: also the actor's contacts; everybody: all users, because it is a definition",
  }),
  proof: Proof,
});
export type MessageLookup = z.infer<typeof MessageLookup>;
