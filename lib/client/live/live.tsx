"use client";
/** Passes the stream's events on: to freshness, to the signal feed, and to the views that must be read again. */
import { useEffect } from "react";
import { useSWRConfig } from "swr";
import { kindOf } from "@/lib/core/signals/message-types";
import type { Signal } from "@/lib/wire/signals";
import { PATHS } from "../api/keys";
import { useSession } from "../api/session";
import { reportFreshness, reportOnline, reportStream } from "./freshness";
import { shareLive } from "./live-share";

type FeedEvent =
  | { readonly kind: "signal"; readonly signal: Signal }
  | { readonly kind: "head"; readonly position: number }
  | { readonly kind: "resync" };
type FeedListener = (event: FeedEvent) => void;

const feed = new Set<FeedListener>();

export function onFeed(listener: FeedListener): () => void {
  feed.add(listener);
  return () => feed.delete(listener);
}

/** Also used for the caller's own writes, which show before the ledger's copy comes back. */
export function publish(event: FeedEvent): void {
  for (const listener of feed) listener(event);
}

/** A burst of contact events causes one read. */
const COALESCE_MS = 250;

const isView = (key: unknown) => typeof key === "string" && key.startsWith("/api/") && key !== PATHS.session;

/** Tells which views a message of this type changes. */
function affected(type: string): (key: unknown) => boolean {
  const kind = kindOf(type);
  if (kind === "recognition") return (key) => key === PATHS.recognition;
  if (kind === "profile") return (key) => Array.isArray(key) && key[0] === PATHS.profiles;
  return () => false;
}

export function LiveProvider({ children }: { children: React.ReactNode }) {
  const { mutate, cache } = useSWRConfig();
  const userId = useSession().data?.userId ?? null;

  useEffect(() => {
    if (userId === null) return;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const dirty = new Set<(key: unknown) => boolean>();
    const readAgain = (which: (key: unknown) => boolean) => {
      dirty.add(which);
      timer ??= setTimeout(() => {
        timer = null;
        const filters = [...dirty];
        dirty.clear();
        void mutate((key) => filters.some((isDirty) => isDirty(key)));
      }, COALESCE_MS);
    };
    const olderThan = (position: number) => (key: unknown) => {
      if (!isView(key)) return false;
      const data = cache.get(key as string)?.data as { position?: number } | undefined;
      return data?.position !== undefined && data.position < position;
    };
    const isContacts = (key: unknown) =>
      key === PATHS.contacts || key === PATHS.circle || (Array.isArray(key) && key[0] === PATHS.profiles);

    const online = () => reportOnline(navigator.onLine);
    online();
    window.addEventListener("online", online);
    window.addEventListener("offline", online);
    const disconnect = shareLive(userId, {
      state: reportStream,
      freshness: (event) => reportFreshness(event, "stream"),
      hello(event) {
        reportFreshness(event, "stream");
        readAgain(olderThan(event.position));
        publish({ kind: "head", position: event.position });
      },
      signal(signal) {
        publish({ kind: "signal", signal });
        readAgain(affected(signal.type));
      },
      contacts: () => readAgain(isContacts),
      resync() {
        readAgain((key) => isView(key) || Array.isArray(key));
        publish({ kind: "resync" });
      },
      refused: () => void mutate(PATHS.session),
    });
    return () => {
      disconnect();
      if (timer) clearTimeout(timer);
      window.removeEventListener("online", online);
      window.removeEventListener("offline", online);
    };
  }, [mutate, cache, userId]);

  return children;
}
