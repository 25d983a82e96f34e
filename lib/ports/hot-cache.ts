/**
 * What instances share and may lose: gates, the mirror budget, nonces, first answers, signals on their way. Each method is one
 * command. Keys carry the network's name; the adapter adds it. Entries leave by their time to live.
 */
import type { TopicId, UserId } from "../core/ids";

export interface BudgetPolicy {
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Tokens that a pause saves up at most. */
  readonly burst: number;
  /** A reservation further ahead than this is not made. */
  readonly maxWaitMs: number;
}

/** A write under way or done. `answer` is the first answer's body. */
export type Attempt =
  | { readonly kind: "first" }
  | { readonly kind: "running" }
  | { readonly kind: "done"; readonly answer: string };

/** What one instance knows of a topic, and what it learns of it in a round. */
export interface RoundTopic {
  readonly topicId: TopicId;
  /** Everything of the topic through this consensus time is stored; 0n for unknown. */
  readonly syncedThroughNs: bigint;
}

export interface Round {
  /** In the order asked; `isOurs` for one caller of all instances in each period. */
  readonly topics: readonly (RoundTopic & { readonly isOurs: boolean })[];
  /** The newest version of the shard registry that any instance has told of. */
  readonly registryVersion: number;
  /** The highest stamp of the durable store that any instance has told of (ports/store-stamp). */
  readonly stamp: number;
}

export interface HotCache {
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
  /** Remembers `nonce` if it is larger than the last one of `userId`; false if not. */
  claimNonce(userId: UserId, nonce: number): Promise<boolean>;
  /** The first caller of a key is `first` and must `finish` or `abandon` it; the others learn how far that is. */
  attempt(key: string, ttlMs: number): Promise<Attempt>;
  finish(key: string, answer: string, ttlMs: number): Promise<void>;
  abandon(key: string): Promise<void>;
}
