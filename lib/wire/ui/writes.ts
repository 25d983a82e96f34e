/** Requests and answers of the web UI's writes, with the members that it sends and reads. */
import * as z from "zod/mini";
import { ConsensusTimestamp, described, TopicIdText, UserIdText } from "../common";

/** Our own members beside the UI's: what a client sends as `If-Min-Sequence`, and where the message is. */
const place = {
  topicId: TopicIdText,
  sequenceNumber: z.int().check(z.positive()),
  transactionId: z.string(),
  consensusTimestamp: z.nullable(ConsensusTimestamp),
  minSequence: described(z.string(), "The value to send as `If-Min-Sequence`"),
};
const SequenceText = described(z.string().check(z.regex(/^\d+$/)), "The sequence number, as text");
const Hrl = described(
  z.string(),
  "hcs://11/<topicId>/<sequence>, and /<place> behind it for a further signal of a batch",
);

const text = (max: number) => z.string().check(z.maxLength(max));
const words = (max: number) => z.string().check(z.trim(), z.minLength(1), z.maxLength(max));

const SessionId = described(UserIdText, "The caller");

/** `POST /api/trust/allocate` */
export const TrustAllocateBody = z.object({
  sessionId: SessionId,
  targetId: UserIdText,
  weight: z._default(z.number().check(z.positive()), 1),
});
/** `POST /api/trust/revoke` */
export const TrustRevokeBody = z.object({ sessionId: SessionId, targetId: UserIdText });

export const TrustAnswer = z.object({
  success: z.literal(true),
  hcsRef: described(z.string(), "hcs://<topicId>/<sequence>, and /<place> behind it for a further signal of a batch"),
  message: z.string(),
  ...place,
});

/** A key as wallets and the browser's libraries hand it out. It is written as it came. */
const PublicKey = z.union([
  text(1_000),
  z.array(z.number()).check(z.maxLength(400)),
  z.record(z.string(), z.unknown()),
]);
const Signature = described(words(1_000), "The actor's signature, in hexadecimal");

/** `POST /api/hcs/profile` */
export const PublishProfileBody = z.object({
  type: z.optional(z.literal("PROFILE_UPDATE")),
  accountId: UserIdText,
  displayName: z._default(text(200), ""),
  bio: z._default(text(4_000), ""),
  avatar: z._default(text(2_000), ""),
  timestamp: described(z.union([z.number(), text(40)]), "As it was signed: epoch milliseconds or ISO 8601"),
  signature: Signature,
  publicKey: PublicKey,
});
export const PublishProfileAnswer = z.object({
  ok: z.literal(true),
  hrl: Hrl,
  profile: z.object({
    accountId: UserIdText,
    displayName: z.string(),
    bio: z.string(),
    avatar: z.string(),
    timestamp: z.union([z.number(), z.string()]),
  }),
  ...place,
  sequenceNumber: SequenceText,
});

/** `POST /api/hcs/mint-recognition` */
export const MintBody = z.object({
  tokenId: words(100),
  name: words(200),
  category: z.optional(text(100)),
  subtitle: z.optional(text(500)),
  emoji: z.optional(text(50)),
  issuerId: UserIdText,
  recipientId: UserIdText,
  senderName: z.optional(text(100)),
  recipientName: z.optional(text(100)),
  trustAmount: z.optional(z.number().check(z.nonnegative())),
  message: z.optional(text(2_000)),
  signature: Signature,
  publicKey: PublicKey,
  timestamp: z.union([z.number(), text(40)]),
});
export const MintAnswer = z.object({
  ok: z.literal(true),
  tokenId: z.string(),
  name: z.string(),
  category: z.nullable(z.string()),
  status: z.literal("onchain"),
  hrl: Hrl,
  message: z.string(),
  mintTransactionId: z.string(),
  trstCost: described(z.literal(0), "This server charges nothing"),
  trstBalance: z.null(),
  ...place,
});

const LENSES = ["base", "genz", "african"] as const;

/** `POST /api/recognition/create` */
export const CreateRecognitionBody = z.object({
  label: words(120),
  emoji: words(50),
  description: z.optional(text(1_000)),
  lens: z.enum(LENSES),
  to: z.object({ accountId: UserIdText, handle: z.optional(text(100)) }),
  note: z.optional(text(1_000)),
  mintAsNFT: described(z.optional(z.boolean()), "Ignored: recognition is a message here"),
});
export const CreateRecognitionAnswer = z.object({
  ok: z.literal(true),
  signal: z.object({
    id: described(z.string(), "<topicId>/<sequence>"),
    label: z.string(),
    emoji: z.string(),
    description: z.nullable(z.string()),
    lens: z.enum(LENSES),
    from: z.object({ accountId: UserIdText }),
    to: z.object({ accountId: UserIdText, handle: z.nullable(z.string()) }),
    note: z.nullable(z.string()),
    timestamp: described(z.string(), "ISO 8601"),
    txId: z.string(),
  }),
  minSequence: place.minSequence,
});

/** The types that `POST /api/issuer/submit` takes. */
const ISSUER_TYPES = [
  "RECOGNITION_MINT",
  "TRUST_ALLOCATE",
  "TRUST_REVOKE",
  "CONTACT_REQUEST",
  "CONTACT_ACCEPT",
  "CONTACT_REVOKE",
  "PROFILE_UPDATE",
] as const;

/** `POST /api/issuer/submit` */
export const IssuerBody = z.looseObject({
  type: z.enum(ISSUER_TYPES),
  from: described(UserIdText, "An issuer for which the operator lets the caller write"),
  nonce: z.number().check(z.nonnegative(), z.maximum(Number.MAX_SAFE_INTEGER)),
  ts: described(z.int().check(z.nonnegative()), "Epoch seconds, within -600 and +120 of now"),
  payload: z.record(z.string(), z.unknown()),
});
export const IssuerAnswer = z.object({
  success: z.literal(true),
  ...place,
  sequenceNumber: SequenceText,
});

const BoostId = z.string().check(z.regex(/^[0-9a-f]{16}$/, "must be 16 hexadecimal digits"));

/** `POST /api/signal/boost` */
export const BoostBody = z.object({ boostId: BoostId });
export const BoostAnswer = z.object({ ok: z.literal(true), boostId: z.string(), ...place });

/** `POST /api/signal/suggest` */
export const SuggestBody = z.object({
  boostId: BoostId,
  def_id: words(100),
  note: z._default(text(500), ""),
  sessionId: described(words(100), "The page's own random name of the person; the message is the caller's"),
});
export const SuggestAnswer = z.object({
  ok: z.literal(true),
  boostId: z.string(),
  def_id: z.string(),
  ...place,
});
