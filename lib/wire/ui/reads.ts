/** Answers in the form that the TrustMesh web UI reads, for what our own pages read in another form or not at all. */
import * as z from "zod/mini";
import { described, TopicIdText, UserIdText } from "../common";
import { RecognitionCard } from "../recognition-card";

const Timestamp = described(z.string(), "When this answer was made, ISO 8601");

/** `GET /api/registry/config` */
export const RegistryConfigAnswer = z.object({
  ok: z.literal(true),
  registry: z.object({
    env: described(z.string(), "The network"),
    topics: z.object({
      contacts: TopicIdText,
      trust: TopicIdText,
      profile: TopicIdText,
      recognition: TopicIdText,
      signal: TopicIdText,
      system: TopicIdText,
    }),
    mirror: z.object({
      rest: described(z.string(), "Base of the mirror's REST addresses; a path where the app knows no name of its own"),
      ws: z.string(),
    }),
    flags: z.record(z.string(), z.boolean()),
  }),
  meta: z.object({ source: z.string(), timestamp: Timestamp, version: z.string() }),
});

const EDITIONS = ["base", "genz", "african"] as const;

export const CatalogQuery = z.object({
  edition: described(
    z._default(z.enum(EDITIONS), "base"),
    "Definitions on the ledger name no edition, so each edition lists them all",
  ),
});

/** `GET /api/registry/catalog` */
export const CatalogAnswer = z.object({
  ok: z.literal(true),
  edition: z.enum(EDITIONS),
  signals: z.array(z.pick(RecognitionCard, { id: true, name: true, icon: true, description: true, category: true })),
});

export const ProfileStatusQuery = z.object({
  accountId: described(z.optional(z.string().check(z.maxLength(100))), "Ignored: the answer is about the caller"),
});

const Profile = z.object({
  accountId: UserIdText,
  displayName: z.string(),
  bio: z.string(),
  avatar: z.string(),
  timestamp: described(z.int(), "Epoch milliseconds"),
});

/** `GET /api/profile/status` */
export const ProfileStatusAnswer = z.object({
  accountId: UserIdText,
  hasCompletedOnboarding: described(z.boolean(), "The profile has a display name or a bio"),
  profile: described(z.nullable(Profile), "Null where the caller has published none"),
  source: z.string(),
});

export const ProfileAtQuery = z.object({
  hrl: described(
    z
      .string()
      .check(
        z.regex(
          /^hcs:\/\/(11\/)?\d{1,10}\.\d{1,10}\.\d{1,10}\/\d{1,16}(\/\d{1,2})?$/,
          "must be a place on the ledger: hcs://11/<topicId>/<sequence>",
        ),
      ),
    "hcs://11/<topicId>/<sequence>, and /<place> behind it for a further signal of a batch",
  ),
});

/** `GET /api/hcs/profile` */
export const ProfileAtAnswer = z.object({
  ok: z.literal(true),
  profile: Profile,
  hrl: z.string(),
  source: z.string(),
});

const TopicStats = z.object({
  id: TopicIdText,
  info: z.object({ topic_id: TopicIdText, sequence_number: z.int().check(z.nonnegative()) }),
  recent: described(
    z.array(z.object({ topic_id: TopicIdText, sequence_number: z.int().check(z.positive()) })),
    "The places of the last messages, 20 at most, newest first",
  ),
});

/** `GET /api/hedera/stats` */
export const LedgerStatsAnswer = z.object({
  data: z.object({
    contact: z.nullable(TopicStats),
    trust: z.nullable(TopicStats),
    recognition: z.nullable(TopicStats),
    profile: z.nullable(TopicStats),
  }),
});

export const IdentityQuery = z.object({
  mode: z.optional(z.string().check(z.maxLength(20))),
  did: described(
    z.optional(z.string().check(z.maxLength(200))),
    "An identity to look up: `did:ethr:0x` and 40 hexadecimal digits",
  ),
});

/** `GET /api/hcs22/resolve` */
export const IdentityAnswer = z.object({
  success: z.literal(true),
  hederaAccountId: z.nullable(UserIdText),
  accountId: z.nullable(UserIdText),
  source: described(
    z.enum(["session", "binding", "mirror", "none"]),
    "Where the account comes from. `binding` with no account: the identity was unbound, so it has none until it is bound again",
  ),
  updatedAt: z.nullable(Timestamp),
});

/** `POST /api/hcs22/resolve` */
export const IdentityWriteAnswer = z.object({
  success: z.literal(true),
  disabled: described(z.literal(true), "Nothing was written"),
  hederaAccountId: UserIdText,
});
