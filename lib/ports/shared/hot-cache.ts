/**
 * Shared state of all instances that may get lost: gates, leases, budgets and first answers. Each method is one
 * command and rejects with TierUnavailable. The adapter adds the network's name to keys. Entries leave by their time to live.
 */
import type { TopicId, UserId } from "../../core/ledger/ids";

/** A token bucket for requests, shared by all instances. */
export interface BudgetPolicy {
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** A pause saves up at most this many tokens. */
  readonly burst: number;
  /** No reservation is made further ahead than this. */
  readonly maxWaitMs: number;
}

/** A request that runs or is done. `answer` is the first answer's body. `other`: another request has used the key before. */
export type Attempt =
  | { readonly kind: "first" }
  | { readonly kind: "running" }
  | { readonly kind: "other" }
  | { readonly kind: "done"; readonly answer: string };

/** An instance's watermark of a topic, or the one that it learns in a round. */
export interface RoundTopic {
  readonly topicId: TopicId;
  /** Packed (core/sync/watermark): the largest holds. 0n for unknown. */
  readonly watermark: bigint;
}

/** How often a topic is synced. */
export interface Gate {
  /** One sync in this period. */
  readonly periodMs: number;
  /** A sync may come so much before its period begins: requests do not take equally long to the gate. */
  readonly earlyMs?: number;
  /**
   * So much of the time without a sync is saved, a period at most. A sync that spends it follows the last one at once. There are never
   * more syncs than periods, and one.
   */
  readonly savedMs?: number;
}

/** The answer for one topic of a round. */
export interface GatedTopic extends RoundTopic {
  /** 0: of all instances, this caller syncs the topic now. Otherwise ms until the same caller may ask again. */
  readonly waitMs: number;
}

/** The answer to a round of demand. */
export interface Round {
  /** In the order asked. */
  readonly topics: readonly GatedTopic[];
  /** The newest version of the shard registry that any instance has reported. */
  readonly registryVersion: number;
  /** The highest stamp of the durable store that any instance has reported (ports/store/store-stamp). */
  readonly stamp: number;
  /** Ms since 1970 by Redis' clock, which tells the age of a watermark; null without Redis. */
  readonly nowMs: number | null;
}

/** A topic that a caller wants to hold. `isLive`: its holder does what the lease is for, so that others need not. */
export interface LeaseWish {
  readonly topicId: TopicId;
  readonly isLive: boolean;
}

/** The holder of a topic: the caller, another one that is live, or another one that is not. */
export type Lease = "ours" | "live" | "held";

export interface HotCache {
  /** Resolves if the cache answers and takes writes. Leaves nothing behind. */
  ping(): Promise<void>;
  /** True for one caller in each period of `ttlMs`. */
  passGate(gate: string, ttlMs: number): Promise<boolean>;
  /**
   * One round of demand. For each topic: whether this caller is the one of all instances that syncs it now, as `gate` says, and the
   * latest watermark of any instance, the caller's included. The same command reports the caller's version of the registry and
   * stamp of the store, and answers with the newest ones.
   */
  round(topics: readonly RoundTopic[], gate: Gate, registryVersion: number, stamp?: number): Promise<Round>;
  /** Takes or renews a lease on each topic that no other owner holds, for `ttlMs`. In the order asked. */
  lease(wishes: readonly LeaseWish[], owner: string, ttlMs: number): Promise<readonly Lease[]>;
  /** Gives up the leases of `owner` on these topics. */
  release(topicIds: readonly TopicId[], owner: string): Promise<void>;
  /**
   * Reserves one token. Returns the wait until it is there (0: now), or null if that is longer than `maxWaitMs`. `userId`: the user
   * whose budget it is.
   */
  reserve(budget: string, policy: BudgetPolicy, userId?: UserId): Promise<number | null>;
  /**
   * The first caller of a key is `first` and must `finish` or `abandon` it. Later callers learn its progress. `digest` identifies
   * the request of the key; it has no white space.
   */
  attempt(key: string, digest: string, ttlMs: number): Promise<Attempt>;
  finish(key: string, digest: string, answer: string, ttlMs: number): Promise<void>;
  /** Lets the next caller be first. An attempt that has an answer keeps it. */
  abandon(key: string): Promise<void>;
}
