/** Answers about topics and their messages that no page of ours reads. */
import * as z from "zod/mini";
import { parseConsensusTime } from "../core/ledger/consensus-time";
import { ConsensusTimestamp, DroppedThrough, described, TopicIdText, ViewMembers, wholeNumber } from "./common";
import { Truncated } from "./signals";

const EVENT_TYPES = ["contact", "trust", "recognition", "profile"] as const;

export const EventsQuery = z.strictObject({
  type: z._default(z.enum(EVENT_TYPES), "trust"),
  since: z.optional(
    described(
      z
        .string()
        .check(
          z.refine(
            (text) => parseConsensusTime(text) !== null,
            "must be the watermark of an earlier answer, such as 1764230400.123456789",
          ),
        ),
      "The watermark of an earlier answer: seconds and nine digits of nanoseconds",
    ),
  ),
  limit: z._default(wholeNumber(1, 200), 200),
});

/** `GET /api/hcs/events` */
export const EventsAnswer = z.object({
  ok: z.literal(true),
  type: z.enum(EVENT_TYPES),
  watermark: described(z.string(), "The next `since`"),
  droppedThrough: DroppedThrough,
  items: z.array(
    z.object({
      consensus_timestamp: ConsensusTimestamp,
      sequence_number: z.int(),
      topic_id: TopicIdText,
      json: z.unknown(),
      truncated: Truncated,
    }),
  ),
  ...ViewMembers.shape,
});
export type EventsAnswer = z.infer<typeof EventsAnswer>;

/** `POST /api/sync` */
export const SyncBody = z._default(
  z.object({
    topics: described(
      z.optional(z.array(TopicIdText).check(z.maxLength(64))),
      "The topics to sync; all of the caller's if absent",
    ),
  }),
  {},
);

export const SyncAnswer = z.object({
  topics: z.array(
    z.object({
      topicId: TopicIdText,
      kind: z.string(),
      fromSequence: z.int(),
      toSequence: z.int(),
      added: z.int(),
      complete: z.boolean(),
      gaps: described(z.array(z.object({ from: z.int(), to: z.int() })), "The first declared gaps, at most 100"),
      gapCount: z.int().check(z.nonnegative()),
      verified: z.int(),
    }),
  ),
  durationMs: z.number(),
  mirrorRequests: z.int(),
});
export type SyncAnswer = z.infer<typeof SyncAnswer>;

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
