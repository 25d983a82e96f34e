"use client";
/** Passes the stream's events on: to freshness, to the signal feed, and to the views that must be read again. */
import { useEffect } from "react";
import { useSWRConfig } from "swr";
import { typeKindOf } from "@/lib/core/signals/message-types";
import { isProfiles, isView, KEYS } from "../api/keys";
import { useSession } from "../api/session";
import { RECOGNITION_LIST } from "../api/views/lists";
import { publishToFeed } from "./feed";
import { reportFreshness, reportOnline, reportStream } from "./freshness";
import { shareLive } from "./live-share";

/** A burst of contact events causes one read. */
const COALESCE_MS = 250;

type Filter = (key: unknown) => boolean;

/** Tells which views a message of this type changes. */
function affected(type: string): Filter {
  const kind = typeKindOf(type);
  if (kind === "recognition") return (key) => key === RECOGNITION_LIST;
  if (kind === "profile") return isProfiles;
  return () => false;
}

const isContacts: Filter = (key) => key === KEYS.contacts || key === KEYS.circle || isProfiles(key);

/** The position at which a view was read, or the first page of a list. Undefined if it has none. */
function positionOf(data: unknown): number | undefined {
  const first: unknown = Array.isArray(data) ? data[0] : data;
  return (first as { readonly position?: number } | null | undefined)?.position;
}

/** Keeps the views below it live: holds the signed-in person's stream, and reads again what an event has changed. Mount one. */
export function LiveProvider({ children }: { children: React.ReactNode }) {
  const { mutate, cache } = useSWRConfig();
  const userId = useSession().data?.userId ?? null;

  useEffect(() => {
    if (userId === null) return;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const dirty = new Set<Filter>();
    const readAgain = (which: Filter) => {
      dirty.add(which);
      timer ??= setTimeout(() => {
        timer = null;
        const filters = [...dirty];
        dirty.clear();
        const isDirty: Filter = (key) => filters.some((filter) => filter(key));
        void mutate(isDirty);
        // SWR gives a filter no keys of lists, so the list is named by its key.
        if (isDirty(RECOGNITION_LIST)) void mutate(RECOGNITION_LIST);
      }, COALESCE_MS);
    };
    const olderThan =
      (position: number): Filter =>
      (key) => {
        if (key !== KEYS.contacts && key !== KEYS.circle && key !== RECOGNITION_LIST) return false;
        const readAt = positionOf(cache.get(key)?.data);
        return readAt !== undefined && readAt < position;
      };

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
        publishToFeed({ kind: "head", position: event.position });
      },
      signal(signal) {
        publishToFeed({ kind: "signal", signal });
        readAgain(affected(signal.type));
      },
      contacts: () => readAgain(isContacts),
      resync() {
        readAgain((key) => isView(key) || key === RECOGNITION_LIST);
        publishToFeed({ kind: "resync" });
      },
      refused: () => void mutate(KEYS.session),
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
