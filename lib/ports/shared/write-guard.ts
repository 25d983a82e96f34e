/**
 * All instances agree on a few things before and after a write: the sender's rate limit, the request's Idempotency-Key, the message's
 * nonce, and the fence that keeps a user's messages in order while topics change. `begin` decides about all of it in one command,
 * and `end` settles all of it in one. Each rejects with TierUnavailable.
 *
 * The fence remembers for each user and kind the topic of the last message, and whether that message has arrived. A caller who would
 * write elsewhere learns of it first. Nonces, answers and places are kept for a day.
 */
import type { TopicId, TopicKind, UserId } from "../../core/ledger/ids";
import type { BudgetPolicy } from "./hot-cache";

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

/** A request that writes. */
export interface RequestClaim {
  /** The bucket that has a token for it; null if nobody counts it. A token is spent whatever becomes of the request. */
  readonly limit: { readonly bucket: string; readonly policy: BudgetPolicy } | null;
  /** Null if the request has no Idempotency-Key. `digest` identifies the request; it has no white space. */
  readonly attempt: { readonly key: string; readonly digest: string; readonly ttlMs: number } | null;
}

/** A message that is about to be written. */
export interface MessageClaim {
  readonly kind: TopicKind;
  readonly route: WriteRoute;
  /** The last write, from an earlier answer, which the caller knows to be read back. If it still is the last, the user moves. */
  readonly after?: LastWrite | undefined;
  readonly nonce: number;
  /** Identifies the message; it has no white space and no @. */
  readonly digest: string;
  /**
   * The message may go out in a batch that is sent until then (epoch seconds), and not later. Null: it goes out alone. Remembered
   * with the nonce, because the ledger does not know a batch's signals from their repeats.
   */
  readonly batchedUntilS: number | null;
  /** The same message may be sent again: a nonce that is not larger than the last one's does not refuse it. */
  readonly isRepeatable: boolean;
  /** Identifies this claim among all; it has no white space. */
  readonly claimId: string;
}

/**
 * How a nonce compares with the user's last one. `next`: larger. `unknown`: nothing is remembered of this user. Both are remembered
 * from now on. `same`: the last one, of this very message. `older`: smaller. The last two are for repeatable messages only.
 */
export interface NonceClaim {
  readonly kind: "next" | "unknown" | "same" | "older";
  /** For how long nonces have been remembered without a break. */
  readonly memoryMs: number;
  /** The latest `batchedUntilS` of the user's earlier claims; null if nothing is remembered of one. */
  readonly batchedUntilS: number | null;
}

/** Why a request may not write. `done`: it has, and this is its first answer. `other`: another request has used the key before. */
export type RequestRefusal =
  | { readonly kind: "limited" }
  | { readonly kind: "running" }
  | { readonly kind: "other" }
  | { readonly kind: "done"; readonly answer: string };

/** Why the message may not go to this topic now. */
export type FenceRefusal =
  /** Another instance has written for this user by a newer registry or route than the caller's. */
  | { readonly kind: "outdated" }
  /** The user's last message went to another topic; `isBusy`: one is still on its way there. */
  | { readonly kind: "elsewhere"; readonly last: LastWrite; readonly isBusy: boolean };

/** The answer to the begin of a write. */
export type Began =
  /** Everything is claimed, and the caller must `end` it. The nonce is null where no message was claimed. */
  | { readonly kind: "begun"; readonly nonce: NonceClaim | null }
  | RequestRefusal
  /** The nonce belongs to another message, or is not larger than `last`, the user's last one. */
  | { readonly kind: "used"; readonly last: number }
  | FenceRefusal;

/** How a request to write ends. */
export interface RequestEnd {
  readonly key: string;
  readonly digest: string;
  /** The answer for a request that comes again within `ttlMs`. Null lets the next one be first; a stored answer stays. */
  readonly answer: string | null;
  readonly ttlMs: number;
}

/** How a claimed message ends. */
export interface MessageEnd {
  readonly kind: TopicKind;
  readonly topicId: TopicId;
  readonly nonce: number;
  readonly claimId: string;
  /** Nothing was sent, so the nonce is given back, unless it or a smaller one was claimed meanwhile. */
  readonly isUnsent: boolean;
  /** The message took this sequence; null if none was written. */
  readonly sequence: number | null;
}

export interface WriteGuard {
  /**
   * Claims what is given, and answers the first refusal in this order: limit, key, nonce, fence. A refusal claims nothing, and only
   * takes the limit's token. The bucket, the key and the message are all `userId`'s. A claim that nobody ends lapses: the key after its
   * time, the place on the way after `IN_FLIGHT_MS`. The nonce stays spent.
   */
  begin(userId: UserId, request: RequestClaim | null, message: MessageClaim | null): Promise<Began>;
  /** Settles what `begin` has claimed. */
  end(userId: UserId, request: RequestEnd | null, message: MessageEnd | null): Promise<void>;
}

/** A transaction lives 120 s by the SDK's default. A minute later no answer can come any more. */
export const IN_FLIGHT_MS = 180_000;
