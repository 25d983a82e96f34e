/** Shapes of the operators' look-up of one person and one message. */
import * as z from "zod/mini";
import { TOPIC_KINDS } from "../../core/ledger/ids";
import { SHARD_TIERS } from "../../core/shards/shards";
import { AccountIdText, Author, ConsensusTimestamp, described, TopicIdText, UserIdText } from "../common";
import { Proof } from "../proof";

const count = z.int().check(z.nonnegative());
const sequence = z.int().check(z.positive());
const ms = described(count, "Milliseconds since 1970");

/** A copy of a view in a cache tier, without its content. */
const Copy = z.object({
  view: described(z.string(), "contacts, circle, signals or recognition, with a page if there is one"),
  position: count,
  readMs: described(ms, "When it was read from Postgres, milliseconds since 1970"),
  bytes: count,
  isFresh: described(z.boolean(), "False if the next read loads it again and uses this copy only as a last resort"),
});

/** `GET /api/admin/people/{userId}` */
export const PersonLookup = z.object({
  userId: UserIdText,
  name: described(z.nullable(z.string()), "Display name, otherwise handle; null without a profile"),
  position: described(count, "Position in Postgres; 0 without any row"),
  tier: z.enum(SHARD_TIERS),
  tenantId: z.nullable(z.string()),
  topics: described(
    z.array(z.object({ kind: z.enum(TOPIC_KINDS), topicId: TopicIdText })),
    "Topics that the person's next messages go to",
  ),
  counts: z.object({
    signals: described(count, "All signals that concern the person, with those that were dropped since"),
    droppedSignals: described(z.optional(count), "Those that are no longer kept (KEEP_MONTHS); absent if all are kept"),
    contacts: count,
    requestsIn: count,
    requestsOut: count,
  }),
  accounts: described(z.array(AccountIdText), "Hedera accounts that sign in as this person by a binding"),
  sessions: z.object({
    endedUntilMs: described(
      z.nullable(ms),
      "Sessions issued until then have ended; null if this instance knows of no sign-out",
    ),
    openStreams: described(count, "Live streams on the instance that answered"),
  }),
  caches: z.object({
    l1: described(z.array(Copy), "Memory of the instance that answered"),
    redis: described(z.nullable(z.array(Copy)), "Null if no Redis is configured, or it is down"),
  }),
  lastWrites: described(
    z.array(
      z.object({
        topicId: TopicIdText,
        sequence,
        consensusTimestamp: ConsensusTimestamp,
        type: z.nullable(z.string()),
      }),
    ),
    "The person's latest messages, newest first, at most ten",
  ),
});
export type PersonLookup = z.infer<typeof PersonLookup>;

/** `GET /api/admin/topics/{topicId}/messages/{sequence}` */
export const MessageLookup = z.object({
  topicId: TopicIdText,
  sequence,
  consensusTimestamp: ConsensusTimestamp,
  payer: described(z.nullable(AccountIdText), "The payer; null if the mirror does not name it"),
  isTrustedPayer: described(z.boolean(), "Whether the payer may write for others (TRUSTED_PAYERS)"),
  bytes: count,
  text: described(
    z.string(),
    "The first 2,000 characters of the whole message, as safe text; ends with … if there are more",
  ),
  disposition: z.enum(["signal", "part", "undecodable", "untrusted", "failed", "unproven"]),
  verification: z.enum(["verified", "unverifiable", "failed"]),
  reason: described(z.nullable(z.string()), "Why the message is rejected, failed or unverifiable"),
  author: described(z.nullable(Author), "The evidence that the message is its sender's; null if it is not shown"),
  signature: described(
    z.nullable(z.enum(["right", "wrong", "unprovable", "open"])),
    "The sender's signature. unprovable: the account has no single key; open: its key is not known yet; null: there is no signature that could be checked",
  ),
  chunk: z.nullable(z.object({ number: count, total: count })),
  batch: described(
    z.nullable(z.array(z.object({ type: z.string(), actor: z.nullable(UserIdText), target: z.nullable(UserIdText) }))),
    "The signals of a batch in their order; null if the message is no batch that can be read",
  ),
  type: described(z.nullable(z.string()), "Null if the message cannot be decoded, or is a batch"),
  actor: z.nullable(UserIdText),
  target: z.nullable(UserIdText),
  identity: described(
    z.nullable(
      z.object({
        did: z.string(),
        accountId: described(z.nullable(AccountIdText), "Null if the message ends the binding"),
        counts: described(z.boolean(), "Whether the message counts at sign-in; a later one may decide"),
      }),
    ),
    "Null if the message is about no identity",
  ),
  audience: described(
    z.enum(["nobody", "people", "contacts", "everybody"]),
    "people: actor and target; contacts: also the actor's contacts; everybody: all users, because it is a definition",
  ),
  proof: Proof,
});
export type MessageLookup = z.infer<typeof MessageLookup>;
