/**
 * What instances share and may lose: gates, the mirror budget, nonces, first answers, signals on their way. Each method is one
 * command. Keys carry the network's name; the adapter adds it. Entries leave by their time to live.
 */
import type { TopicId, UserId } from "../../core/ledger/ids";

export interface BudgetPolicy {
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Tokens that a pause saves up at most. */
  readonly burst: number;
  /** A reservation further ahead than this is not made. */
  readonly maxWaitMs: number;
}

/** A write under way or done. `answer` is the first answer's body. `other`: the key was given to another request before. */
export type Attempt =
  | { readonly kind: "first" }
  | { readonly kind: "running" }
  | { readonly kind: "other" }
  | { readonly kind: "done"; readonly answer: string };

/**
 * How a nonce stands to the user's last one. `next`: larger. `unknown`: nothing is remembered of this user. Both are
 * remembered from now on. `same`: the last one, of this very message. `used`: the last one, of another message. `older`: smaller
 * than the last.
 */
export interface NonceClaim {
  readonly kind: "next" | "unknown" | "same" | "used" | "older";
  /** For how long nonces have been remembered without a break. */
  readonly memoryMs: number;
}

/** What one instance knows of a topic, and what it learns of it in a round. */
export interface RoundTopic {
  readonly topicId: TopicId;
  /** Through when everything of the topic is stored, as a word of core/sync/watermark: the largest holds. 0n for unknown. */
  readonly watermark: bigint;
}

export interface Round {
  /** In the order asked; `isOurs` for one caller of all instances in each period. */
  readonly topics: readonly (RoundTopic & { readonly isOurs: boolean })[];
  /** The newest version of the shard registry that any instance has told of. */
  readonly registryVersion: number;
  /** The highest stamp of the durable store that any instance has told of (ports/store/store-stamp). */
  readonly stamp: number;
  /** Ms since 1970 by the clock of the tier that answered, by which the words are as old as they are; null where none did. */
  readonly nowMs: number | null;
}

export interface HotCache {
  /** Resolves if the cache answers and takes writes. Leaves nothing behind. */
  ping(): Promise<void>;
  /** True for one caller in each period of `ttlMs`. */
  passGate(gate: string, ttlMs: number): Promise<boolean>;
  /**
   * One round of demand for topics: for each, whether this caller is the one of all instances who syncs it in this period of
   * `gateMs`, and the latest time through which any instance has synced it (the caller's own included). Tells, and learns of,
   * the version of the registry and the stamp of the store with the same command.
   */
  round(topics: readonly RoundTopic[], gateMs: number, registryVersion: number, stamp?: number): Promise<Round>;
  /** Reserves one token: how long to wait until it is there (0: now), or null where that is further ahead than `maxWaitMs`. */
  reserve(budget: string, policy: BudgetPolicy): Promise<number | null>;
  /** Remembers `nonce` and the message that it belongs to if it is larger than the last one of `userId`. */
  claimNonce(userId: UserId, nonce: number, digest: string): Promise<NonceClaim>;
  /**
   * The first caller of a key is `first` and must `finish` or `abandon` it; the others learn how far that is. `digest` names the
   * request that the key is for: no white space.
   */
  attempt(key: string, digest: string, ttlMs: number): Promise<Attempt>;
  finish(key: string, digest: string, answer: string, ttlMs: number): Promise<void>;
  abandon(key: string): Promise<void>;
}
