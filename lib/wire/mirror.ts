/** A mirror node's JSON as the public mirror answers it (docs/hedera.md §1). The names are the mirror's. */
import * as z from "zod";
import { TopicIdText } from "./common";

const Timestamp = z.string().regex(/^\d+\.\d{9}$/);

export const MirrorMessage = z.object({
  chunk_info: z.record(z.string(), z.unknown()).nullable(),
  consensus_timestamp: Timestamp,
  message: z.string().meta({ description: "Base64, or text where the query asked for utf-8" }),
  payer_account_id: z.string().nullable(),
  running_hash: z.string().nullable().meta({ description: "Base64 of 48 bytes" }),
  running_hash_version: z.number().int().nullable(),
  sequence_number: z.number().int().positive(),
  topic_id: TopicIdText,
});

/** `GET /api/v1/topics/{topicId}/messages` */
export const MirrorMessages = z.object({
  messages: z.array(MirrorMessage),
  links: z.object({
    next: z.string().nullable().meta({ description: "A path from the root; null unless the page is full" }),
  }),
});

/** Any other answer of a mirror. */
export const MirrorJson = z.record(z.string(), z.unknown());

/** A mirror's refusal. */
export const MirrorError = z.object({
  _status: z.object({
    messages: z.array(z.object({ message: z.string(), data: z.string().optional(), detail: z.string().optional() })),
  }),
});
