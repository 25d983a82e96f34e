/**
 * Keeps the messages that a user writes through us in order while topics change. For each user and kind it remembers where the
 * last message went, and how it is getting on: whoever would write elsewhere learns of it first. Shared by all instances, and
 * kept for a day after the last write. Each method is one command. Rejects with TierUnavailable.
 */
import type { TopicId, TopicKind, UserId } from "../../core/ledger/ids";

/** A topic, and what it was chosen by. */
export interface WriteRoute {
  readonly topicId: TopicId;
  readonly registryVersion: number;
  /** Of the user's own route: tier and tenant. */
  readonly userVersion: number;
}

/** Where the last message went. `sequence` 0: none has arrived there yet. */
export interface LastWrite {
  readonly topicId: TopicId;
  readonly sequence: number;
}

export type Entry =
  /** The caller may write, and must `leave`. */
  | { readonly kind: "entered" }
  /** Somebody has written for this user by a newer registry or route than the caller's. */
  | { readonly kind: "outdated" }
  /** The user's last message went to another topic; `isBusy`: one is still on its way there. */
  | { readonly kind: "elsewhere"; readonly last: LastWrite; readonly isBusy: boolean };

export interface WriteFence {
  /**
   * Asks to write. `after`: the last write, by an earlier answer, which the caller knows to have been read back; if it still is
   * the last one, the user moves. An entry that is not left ends by itself after `IN_FLIGHT_MS`.
   */
  enter(userId: UserId, kind: TopicKind, route: WriteRoute, after?: LastWrite): Promise<Entry>;
  /** The message took this sequence; null where none was written. */
  leave(userId: UserId, kind: TopicKind, topicId: TopicId, sequence: number | null): Promise<void>;
}

/** A transaction lives 120 s by the SDK's default; what has no answer a minute later has no more to come. */
export const IN_FLIGHT_MS = 180_000;
