/** Names of everything in Redis. Keys of a network begin with `tm:` and its name; keys of a user continue with the user's id. */

import { keyOf } from "../../../core/key";
import type { TopicId, TopicKind, UserId } from "../../../core/ledger/ids";
import type { SharedViewName } from "../../../ports/shared/view-cache";

/** The name stands unchanged in keys and in the path of a subscription. */
const NETWORK = /^[A-Za-z0-9_.-]{1,60}$/;

export class Keys {
  private readonly root: string;

  constructor(
    network: string,
    private readonly viewVariant?: string,
  ) {
    if (!NETWORK.test(network)) throw new RangeError("a network's name has letters, digits, '_', '.' and '-' only");
    this.root = `tm:${network}`;
  }

  view(userId: UserId, name: SharedViewName): string {
    return this.named(userId, name, ...(this.viewVariant === undefined ? [] : [this.viewVariant]));
  }

  nonce(userId: UserId): string {
    return this.named(userId, "nonce");
  }

  /** The message that took the last nonce. */
  nonceDigest(userId: UserId): string {
    return this.named(userId, "nonce", "of");
  }

  /** The topic of the user's last message of a kind. */
  lastWrite(userId: UserId, kind: TopicKind): string {
    return this.named(userId, "wrote", kind);
  }

  // No user has an empty id, so no user's key can equal one of these.
  gate(gate: string): string {
    return this.named("", "gate", gate);
  }

  /** Written and deleted by a ping. */
  get ping(): string {
    return this.named("", "ping");
  }

  syncGate(topicId: TopicId): string {
    return this.gate(keyOf("sync", topicId));
  }

  budget(budget: string): string {
    return this.named("", "budget", budget);
  }

  attempt(key: string): string {
    return this.named("", "attempt", key);
  }

  /** Views that do not carry this token must be loaded again. */
  get generation(): string {
    return this.named("", "generation");
  }

  /** Hash of topic → watermark. */
  get syncedThrough(): string {
    return this.named("", "synced");
  }

  /** Hash of topic → cursor of the last commit that was published. */
  get published(): string {
    return this.named("", "published");
  }

  /** Number of the last event that was published. */
  get sequence(): string {
    return this.named("", "sequence");
  }

  /** Marks of the last events (history.ts). */
  get history(): string {
    return `${this.root}::history`;
  }

  /** Hash of instance → its report. */
  get reports(): string {
    return this.named("", "reports");
  }

  get channel(): string {
    return `${this.root}:events`;
  }

  private named(first: string, ...rest: readonly string[]): string {
    return `${this.root}:${keyOf(first, ...rest)}`;
  }
}
