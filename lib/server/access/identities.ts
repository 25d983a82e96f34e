import "server-only";
/** The accounts that identities are bound to, from the messages of the identity topic (TOPIC_IDENTITY). */
import type { MirrorLedger } from "../../adapters/mirror/mirror-ledger";
import { consensusNs, toMs } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import type { EvmAddress } from "../../core/ledger/magic-token";
import { bindingOf, type IdentityBinding, MAX_IDENTITY_MESSAGES } from "../../core/signals/identity-binding";
import type { TrustedPayers } from "../../core/signals/interpret";
import type { RegistryCache } from "../../engine/shards/registry-cache";
import type { SyncScheduler } from "../../engine/sync/sync-scheduler";
import type { Clock } from "../../ports/clock";
import type { IdentityStore } from "../../ports/store/identity-store";
import { ProblemError } from "../http/answers/problem";

export interface IdentitiesOptions {
  /** Null if no topic is configured. Then no identity is bound. */
  readonly topicId: TopicId | null;
  readonly store: IdentityStore;
  /** Tells whether users' messages are routed to the topic. */
  readonly registry: Pick<RegistryCache, "identityConflict">;
  readonly scheduler: Pick<SyncScheduler, "asOfNs" | "isRead" | "syncNow" | "waitThrough" | "syncs">;
  readonly ledger: Pick<MirrorLedger, "hasTopic">;
  readonly trustedPayers: TrustedPayers;
  readonly clock: Pick<Clock, "monotonicMs" | "now" | "sleep">;
}

/** A new instance reads the topic before it answers. A sign-in waits for that as long as for a slow database. */
const WAIT_MS = 5_000;
/**
 * Stored bindings may be this old. While people read, their rounds of demand keep the topic fresher. On a server that nobody uses, the
 * operator may have bound or unbound somebody since the last sync.
 */
const MAX_AGE_MS = 10_000;
/** The mirror is asked this often whether a topic without a message exists. */
const EXISTS_MS = 60_000;

export class Identities {
  /** When the last refresh began, by the monotonic clock. Sign-ins during a refresh join it. */
  private refreshedMs = Number.NEGATIVE_INFINITY;
  private existence: { readonly exists: boolean; readonly untilMs: number } | null = null;

  constructor(private readonly options: IdentitiesOptions) {}

  /** False if no topic is configured. */
  get isOn(): boolean {
    return this.options.topicId !== null;
  }

  /** The topic whose messages bind identities; null if none is configured. */
  get topicId(): TopicId | null {
    return this.options.topicId;
  }

  /**
   * The binding of the identity `did:ethr:<issuer>`; null if there is none. One statement. Throws ProblemError `ledger-unavailable` while
   * the topic is not read to its end, and if it does not exist, because a message that ends the binding may be missing. It throws the same
   * while users' messages are written to the topic. Rejects with TierUnavailable (postgres).
   */
  async bindingOf(issuer: EvmAddress): Promise<IdentityBinding | null> {
    const { topicId, store, trustedPayers } = this.options;
    if (topicId === null) return null;
    if (this.options.registry.identityConflict !== null) throw SHARED;
    await this.awaitRead(topicId);
    await this.refresh(topicId);
    await this.refuseMissing(topicId);
    const messages = await store.messages(topicId, issuer, MAX_IDENTITY_MESSAGES);
    // The answer also tells this process whether the topic was started over. If it was, messages may already have been missing.
    if (!this.options.scheduler.isRead(topicId)) throw unread();
    return bindingOf(issuer, messages, trustedPayers);
  }

  private async awaitRead(topicId: TopicId): Promise<void> {
    const { scheduler, clock } = this.options;
    if (scheduler.isRead(topicId)) return;
    await scheduler.waitThrough([topicId], consensusNs(1n), clock.monotonicMs() + WAIT_MS);
    if (!scheduler.isRead(topicId)) throw unread();
  }

  /** Reads the topic's new messages, unless that was done recently. While the mirror does not answer, the stored messages count. */
  private async refresh(topicId: TopicId): Promise<void> {
    const { scheduler, clock } = this.options;
    const asOfNs = scheduler.asOfNs(topicId);
    if (asOfNs !== null && clock.now() - toMs(asOfNs) <= MAX_AGE_MS) return;
    const nowMs = clock.monotonicMs();
    // A mirror that makes no progress has nothing newer to say.
    if (nowMs - this.refreshedMs <= MAX_AGE_MS) return;
    await Promise.race([scheduler.syncNow([topicId], nowMs + WAIT_MS), clock.sleep(WAIT_MS)]);
    this.refreshedMs = nowMs;
  }

  /** Throws ProblemError if the topic does not exist: its list of messages looks like that of an empty topic. */
  private async refuseMissing(topicId: TopicId): Promise<void> {
    const { scheduler, ledger, clock } = this.options;
    if ((scheduler.syncs.get(topicId)?.cursor ?? 0) > 0) return;
    if (this.existence === null || clock.monotonicMs() >= this.existence.untilMs) {
      const answer = await ledger.hasTopic(topicId);
      if (!answer.ok) throw unread();
      this.existence = { exists: answer.value, untilMs: clock.monotonicMs() + EXISTS_MS };
    }
    if (!this.existence.exists) throw MISSING;
  }
}

const MISSING = new ProblemError(
  "ledger-unavailable",
  "The topic that says which account this identity belongs to does not exist. Ask the operator of this service to check TOPIC_IDENTITY.",
);

const SHARED = new ProblemError(
  "ledger-unavailable",
  "The topic that says which account this identity belongs to is used for users' messages, too. Ask the operator of this service to check TOPIC_IDENTITY.",
);

const unread = () =>
  new ProblemError(
    "ledger-unavailable",
    "The topic that says which account this identity belongs to is still being read. Try again shortly.",
    { retryAfterS: 1 },
  );
