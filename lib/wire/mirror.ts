/** A mirror node's JSON as the public mirror answers it (docs/hedera.md §1). The names are the mirror's. */
import * as z from "zod/mini";
import { described, TopicIdText } from "./common";

const Timestamp = z.string().check(z.regex(/^\d+\.\d{9}$/));

export const MirrorMessage = z.object({
  chunk_info: z.nullable(z.record(z.string(), z.unknown())),
  consensus_timestamp: Timestamp,
  message: described(z.string(), "Base64, or text where the query asked for utf-8"),
  payer_account_id: z.nullable(z.string()),
  running_hash: described(z.nullable(z.string()), "Base64 of 48 bytes"),
  running_hash_version: z.nullable(z.int()),
  sequence_number: z.int().check(z.positive()),
  topic_id: TopicIdText,
});

/** `GET /api/v1/topics/{topicId}/messages` */
export const MirrorMessages = z.object({
  messages: z.array(MirrorMessage),
  links: z.object({
    next: described(z.nullable(z.string()), "A path from the root; null unless the page is full"),
  }),
});

/** Any other answer of a mirror. */
export const MirrorJson = z.record(z.string(), z.unknown());

/** A mirror's refusal. */
export const MirrorError = z.object({
  _status: z.object({
    messages: z.array(z.object({ message: z.string(), data: z.optional(z.string()), detail: z.optional(z.string()) })),
  }),
});
