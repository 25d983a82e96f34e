/**
 * The tier between the process and the database, shared by all instances: views of users, and the leases that let one reader
 * load for all. Each method is one command. Failures throw `TierUnavailable`; nothing here is the only copy of anything.
 *
 * Invariant: a fill is taken only from the holder of the view's lease, and a commit ends the leases of the users it concerns,
 * so what was read before a commit is never kept after it.
 */
import type { UserId } from "../../core/ledger/ids";

/** Views that instances share. What depends on one process's state (recognition and its definitions) is not among them. */
export type SharedViewName = "contacts" | "circle" | "signals";

export interface CachedView {
  /** JSON of the view, an object, without what tells its age. */
  readonly body: string;
  /** Strong, quoted. */
  readonly etag: string;
  readonly position: number;
  /** When it was read from the durable store, ms since 1970. */
  readonly readMs: number;
}

export type Lookup =
  | { readonly kind: "hit"; readonly view: CachedView; readonly ttlMs: number }
  /** The caller loads and fills with this lease, within its time. `last`: an outdated copy, for outages. */
  | { readonly kind: "lease"; readonly lease: string; readonly last: CachedView | null }
  /** Somebody else is loading: look again shortly. */
  | { readonly kind: "wait"; readonly last: CachedView | null };

export interface ViewCache {
  /** A hit also renews what its strategy says (core/cache-strategy): by default all views of the user, who so leaves as a whole. */
  lookup(userId: UserId, name: SharedViewName, leaseMs: number): Promise<Lookup>;
  /** False where the lease is over: the view is too old, or somebody else's turn. */
  fill(userId: UserId, name: SharedViewName, view: CachedView, lease: string): Promise<boolean>;
  /** Gives a lease back without a fill: the load has failed, and the next who asks is to try. */
  release(userId: UserId, name: SharedViewName, lease: string): Promise<void>;
  /** Views of these users must be loaded again, and leases on them are over. */
  expire(userIds: readonly UserId[]): Promise<void>;
  /** Every view of everybody must be loaded again: what a lost `expire` is mended with. */
  expireAll(): Promise<void>;
}
