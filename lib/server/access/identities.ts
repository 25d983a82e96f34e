import "server-only";
/** The accounts that identities are bound to, from the messages of the identity topic (TOPIC_IDENTITY). */
import { consensusNs } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import type { EvmAddress } from "../../core/ledger/magic-token";
import { bindingOf, type IdentityBinding, MAX_IDENTITY_MESSAGES } from "../../core/signals/identity-binding";
import type { TrustedPayers } from "../../core/signals/interpret";
import type { SyncScheduler } from "../../engine/sync/sync-scheduler";
import type { Clock } from "../../ports/clock";
import type { IdentityStore } from "../../ports/store/identity-store";
import { ProblemError } from "../http/problem";

export interface IdentitiesOptions {
  /** Null where no topic is named: then nobody is bound. */
  readonly topicId: TopicId | null;
  readonly store: IdentityStore;
  readonly scheduler: Pick<SyncScheduler, "isRead" | "waitThrough">;
  readonly trustedPayers: TrustedPayers;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/** A new instance reads the topic before it answers. A sign-in waits for that as long as for a slow database. */
const WAIT_MS = 5_000;

export class Identities {
  constructor(private readonly options: IdentitiesOptions) {}

  /** False where no topic is named. */
  get isOn(): boolean {
    return this.options.topicId !== null;
  }

  /** The topic whose messages bind; null where none is named. */
  get topicId(): TopicId | null {
    return this.options.topicId;
  }

  /**
   * The binding of the identity `did:ethr:<issuer>`; null if there is none. One statement. Throws ProblemError
   * `ledger-unavailable` while the topic was not read to its end: a message that ends the binding may be missing. Rejects with
   * TierUnavailable (postgres).
   */
  async bindingOf(issuer: EvmAddress): Promise<IdentityBinding | null> {
    const { topicId, store, trustedPayers } = this.options;
    if (topicId === null) return null;
    await this.awaitRead(topicId);
    const messages = await store.messages(topicId, issuer, MAX_IDENTITY_MESSAGES);
    // The answer tells this process if the topic was started over meanwhile. Then messages may have been missing already.
    if (!this.options.scheduler.isRead(topicId)) throw unread();
    return bindingOf(issuer, messages, trustedPayers);
  }

  private async awaitRead(topicId: TopicId): Promise<void> {
    const { scheduler, clock } = this.options;
    if (scheduler.isRead(topicId)) return;
    await scheduler.waitThrough([topicId], consensusNs(1n), clock.monotonicMs() + WAIT_MS);
    if (!scheduler.isRead(topicId)) throw unread();
  }
}

const unread = () =>
  new ProblemError(
    "ledger-unavailable",
    "The topic that says which account this identity belongs to is still being read. Try again shortly.",
    { retryAfterS: 1 },
  );
