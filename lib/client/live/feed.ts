/** Everything that happens while the page is open, for its listeners: the signal feed, and the marks of what has just arrived. */
import type { Signal } from "@/lib/wire/signals";

/** One thing that a page learns while it is open. */
export type FeedEvent =
  /** A signal has arrived. The caller's own writes arrive first with `source: "pending"`, then again as the ledger has them. */
  | { readonly kind: "signal"; readonly signal: Signal }
  /** The stream is open. The server has everything through `position`. */
  | { readonly kind: "head"; readonly position: number }
  /** Earlier reads no longer count. Read everything again. */
  | { readonly kind: "resync" };

type FeedListener = (event: FeedEvent) => void;

const listeners = new Set<FeedListener>();

/** Calls `listener` with each event, as long as a `LiveProvider` is mounted. Returns the function that stops it. */
export function onFeed(listener: FeedListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Also used for the caller's own writes, which show before the ledger's copy comes back. */
export function publishToFeed(event: FeedEvent): void {
  for (const listener of listeners) listener(event);
}
