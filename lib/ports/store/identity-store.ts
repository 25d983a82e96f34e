/** The stored messages of the identity topic. Failures of the database reject with `TierUnavailable`. */
import type { TopicId } from "../../core/ledger/ids";
import type { EvmAddress } from "../../core/ledger/magic-token";
import type { IdentityMessage } from "../../core/signals/identity-binding";

export interface IdentityStore {
  /**
   * The messages of this topic that name this identity, at most `limit`, the newest by consensus time first. Rejected messages are
   * left out. One statement. Rejects too if one of them cannot be read.
   */
  messages(topicId: TopicId, issuer: EvmAddress, limit: number): Promise<readonly IdentityMessage[]>;
}
