/** Requests and answers of the web UI's writes, with the members that it sends and reads. */
import * as z from "zod";
import { ConsensusTimestamp, TopicIdText, UserIdText } from "../common";

/** Our own members beside the UI's: what a client sends as `If-Min-Sequence`, and where the message is. */
const place = {
  topicId: TopicIdText,
  sequenceNumber: z.number().int().positive(),
  transactionId: z.string(),
  consensusTimestamp: ConsensusTimestamp.nullable(),
  minSequence: z.string().meta({ description: "The value to send as `If-Min-Sequence`" }),
};
const SequenceText = z.string().regex(/^\d+$/).meta({ description: "The sequence number, as text" });
const Hrl = z.string().meta({ description: "hcs://11/<topicId>/<sequence>" });

const text = (max: number) => z.string().max(max);
const words = (max: number) => z.string().trim().min(1).max(max);

const SessionId = UserIdText.meta({ description: "The caller" });

/** `POST /api/trust/allocate` */
export const TrustAllocateBody = z.object({
  sessionId: SessionId,
  targetId: UserIdText,
  weight: z.number().positive().default(1),
});
/** `POST /api/trust/revoke` */
export const TrustRevokeBody = z.object({ sessionId: SessionId, targetId: UserIdText });

export const TrustAnswer = z.object({
  success: z.literal(true),
  hcsRef: z.string().meta({ description: "hcs://<topicId>/<sequence>" }),
  message: z.string(),
  ...place,
});

/** A key as wallets and the browser's libraries hand it out. It is written as it came. */
const PublicKey = z.union([text(1_000), z.array(z.number()).max(400), z.record(z.string(), z.unknown())]);
const Signature = words(1_000).meta({ description: "The actor's signature, in hexadecimal" });

/** `POST /api/hcs/profile` */
export const PublishProfileBody = z.object({
  type: z.literal("PROFILE_UPDATE").optional(),
  accountId: UserIdText,
  displayName: text(200).default(""),
  bio: text(4_000).default(""),
  avatar: text(2_000).default(""),
  timestamp: z.union([z.number(), text(40)]).meta({ description: "As it was signed: epoch milliseconds or ISO 8601" }),
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
  category: text(100).optional(),
  subtitle: text(500).optional(),
  emoji: text(50).optional(),
  issuerId: UserIdText,
  recipientId: UserIdText,
  senderName: text(100).optional(),
  recipientName: text(100).optional(),
  trustAmount: z.number().nonnegative().optional(),
  message: text(2_000).optional(),
  signature: Signature,
  publicKey: PublicKey,
  timestamp: z.union([z.number(), text(40)]),
});
export const MintAnswer = z.object({
  ok: z.literal(true),
  tokenId: z.string(),
  name: z.string(),
  category: z.string().nullable(),
  status: z.literal("onchain"),
  hrl: Hrl,
  message: z.string(),
  mintTransactionId: z.string(),
  trstCost: z.literal(0).meta({ description: "This server charges nothing" }),
  trstBalance: z.null(),
  ...place,
});

const LENSES = ["base", "genz", "african"] as const;

/** `POST /api/recognition/create` */
export const CreateRecognitionBody = z.object({
  label: words(120),
  emoji: words(50),
  description: text(1_000).optional(),
  lens: z.enum(LENSES),
  to: z.object({ accountId: UserIdText, handle: text(100).optional() }),
  note: text(1_000).optional(),
  mintAsNFT: z.boolean().optional().meta({ description: "Ignored: recognition is a message here" }),
});
export const CreateRecognitionAnswer = z.object({
  ok: z.literal(true),
  signal: z.object({
    id: z.string().meta({ description: "<topicId>/<sequence>" }),
    label: z.string(),
    emoji: z.string(),
    description: z.string().nullable(),
    lens: z.enum(LENSES),
    from: z.object({ accountId: UserIdText }),
    to: z.object({ accountId: UserIdText, handle: z.string().nullable() }),
    note: z.string().nullable(),
    timestamp: z.string().meta({ description: "ISO 8601" }),
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
  from: UserIdText.meta({ description: "An issuer for which the operator lets the caller write" }),
  nonce: z.number().nonnegative().max(Number.MAX_SAFE_INTEGER),
  ts: z.number().int().nonnegative().meta({ description: "Epoch seconds, within -600 and +120 of now" }),
  payload: z.record(z.string(), z.unknown()),
});
export const IssuerAnswer = z.object({
  success: z.literal(true),
  ...place,
  sequenceNumber: SequenceText,
});

const BoostId = z.string().regex(/^[0-9a-f]{16}$/, "16 hexadecimal digits");

/** `POST /api/signal/boost` */
export const BoostBody = z.object({ boostId: BoostId });
export const BoostAnswer = z.object({ ok: z.literal(true), boostId: z.string(), ...place });

/** `POST /api/signal/suggest` */
export const SuggestBody = z.object({
  boostId: BoostId,
  def_id: words(100),
  note: text(500).default(""),
  sessionId: words(100).meta({ description: "The page's own random name of the person; the message is the caller's" }),
});
export const SuggestAnswer = z.object({
  ok: z.literal(true),
  boostId: z.string(),
  def_id: z.string(),
  ...place,
});
