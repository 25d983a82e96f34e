import type { FollowedKind, TopicId } from "../ledger/ids";

/** A topic that the sync reads, and the kinds of messages that it carries. */
export interface RegisteredTopic {
  readonly topicId: TopicId;
  readonly kinds: readonly FollowedKind[];
}
