/**
 * Keeps the messages that a user writes through us in order while topics change. For each user and kind it remembers the topic
 * of the last message, and whether it has arrived. A caller who would write elsewhere learns of it first. All instances share
 * it, and it is kept for a day after the last write. Each method is one command and rejects with TierUnavailable.
 */
import type { TopicId, TopicKind, UserId } from "../../core/ledger/ids";

/** A topic, and the versions by which it was chosen. */
export interface WriteRoute {
  readonly topicId: TopicId;
  readonly registryVersion: number;
  /** The version of the user's own route: tier and tenant. */
  readonly userVersion: number;
}

/** The topic of the last message. `sequence` 0: none has arrived there yet. */
export interface LastWrite {
  readonly topicId: TopicId;
  readonly sequence: number;
}

export type Entry =
  /** The caller may write, and must `leave`. */
  | { readonly kind: "entered" }
  /** Another instance has written for this user by a newer registry or route than the caller's. */
  | { readonly kind: "outdated" }
  /** The user's last message went to another topic; `isBusy`: one is still on its way there. */
  | { readonly kind: "elsewhere"; readonly last: LastWrite; readonly isBusy: boolean };

export interface WriteFence {
  /**
   * Asks to write. `after`: the last write, from an earlier answer, which the caller knows to be read back. If it is still the
   * last one, the user moves. An entry that is not left ends by itself after `IN_FLIGHT_MS`.
   */
  enter(userId: UserId, kind: TopicKind, route: WriteRoute, after?: LastWrite): Promise<Entry>;
  /** The message took this sequence; null if none was written. */
  leave(userId: UserId, kind: TopicKind, topicId: TopicId, sequence: number | null): Promise<void>;
}

/** A transaction lives 120 s by the SDK's default. A minute later no answer can come any more. */
export const IN_FLIGHT_MS = 180_000;
