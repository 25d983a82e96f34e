/**
 * Redis (L2): views of users, shared by all instances, and the leases that let one reader load for all. Each method is one command
 * and rejects with `TierUnavailable`. Nothing here is the only copy of anything.
 *
 * Invariant: a fill is taken only from the holder of the view's lease, and a commit ends the leases of its users. So a view that
 * was read before a commit is never kept after it.
 */
import type { UserId } from "../../core/ledger/ids";

/** Views that instances share. Recognition is not among them, since it depends on one process's state (its definitions). */
export type SharedViewName = "contacts" | "circle" | "signals";

/** A view as instances share it. */
export interface CachedView {
  /** JSON of the view: an object, without its freshness. */
  readonly body: string;
  /** Strong, quoted. */
  readonly etag: string;
  readonly position: number;
  /** When it was read from the durable store, ms since 1970. */
  readonly readMs: number;
}

/** The answer to a look for a view. Exactly one of the readers who find none gets the lease. */
export type Lookup =
  | { readonly kind: "hit"; readonly view: CachedView; readonly ttlMs: number }
  /** The caller loads and fills with this lease, within its time. `last`: an outdated copy, for outages. */
  | { readonly kind: "lease"; readonly lease: string; readonly last: CachedView | null }
  /** Another reader is loading: look again shortly. */
  | { readonly kind: "wait"; readonly last: CachedView | null };

/** A copy that the cache holds, without its body. */
export interface HeldView extends Pick<CachedView, "position" | "readMs"> {
  readonly name: SharedViewName;
  readonly bytes: number;
  /** False: it must be loaded again. */
  readonly isFresh: boolean;
}

export interface ViewCache {
  /** A hit also renews views as its strategy says (core/cache-strategy): by default all views of the user. */
  lookup(userId: UserId, name: SharedViewName, leaseMs: number): Promise<Lookup>;
  /** False if the lease is over: the view is too old, or another reader holds the lease by now. */
  fill(userId: UserId, name: SharedViewName, view: CachedView, lease: string): Promise<boolean>;
  /** Gives a lease back without a fill after a failed load: the next reader tries. */
  release(userId: UserId, name: SharedViewName, lease: string): Promise<void>;
  /** The copies of a user's views. For operators: it renews nothing and takes no lease. */
  held(userId: UserId): Promise<readonly HeldView[]>;
  /** Views of these users must be loaded again, and leases on them are over. */
  expire(userIds: readonly UserId[]): Promise<void>;
  /** Every view of everybody must be loaded again: the remedy for a lost `expire`. */
  expireAll(): Promise<void>;
}
