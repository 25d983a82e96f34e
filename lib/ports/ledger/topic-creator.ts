/**
 * Creates topics on the ledger. An *attempt* names the transaction before it is sent. A recorded attempt may be sent again, by any
 * instance: it takes effect once.
 */
import type { TopicId } from "../../core/ledger/ids";
import type { Result } from "../../core/result";

/** Why no topic was created. */
export interface TopicCreateError {
  /**
   * `unavailable`: no answer; ask again with the same attempt. `expired`: this attempt can no longer take effect, and whether it
   * ever did is not known. `refused`: the ledger has refused it.
   */
  readonly code: "unavailable" | "expired" | "refused";
  /** One sentence. */
  readonly message: string;
}

/** Creates topics, at the operator's cost. An attempt names a transaction, so a repeated one creates no second topic. */
export interface TopicCreator {
  newAttempt(): Promise<string>;
  /** The attempt's topic, created now or before. `memo`: 100 bytes of UTF-8 at most. Only the operator may write to it. */
  createTopic(attempt: string, memo: string): Promise<Result<TopicId, TopicCreateError>>;
}

/** The ledger's limit for a topic's memo. */
export const MAX_MEMO_BYTES = 100;
