/**
 * The signal feed: pages by cursor, with live signals merged in by id. Live signals stay outside the pages, because SWR drops a
 * running read when its cache is written to, and a page would never arrive.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import useSWRInfinite from "swr/infinite";
import { type Signal, SignalsAnswer } from "@/lib/wire/signals";
import { PATHS } from "../api/keys";
import { readView } from "../api/reads";
import { onFeed } from "./live";
import { mergeSignals } from "./signal-merge";

/** After a reconnect the stream sends what was missed. If it has not done so by then, read again. */
const CATCH_UP_MS = 1_500;
const NONE: readonly Signal[] = [];

export function useSignals(types: readonly string[]) {
  const filter = types.map((type) => `type=${encodeURIComponent(type)}`).join("&");
  // No `limit` parameter, because the server keeps the default first page ready.
  const keyOf = useCallback(
    (index: number, previous: SignalsAnswer | null) => {
      if (previous && previous.nextCursor === null) return null;
      const cursor = index === 0 || !previous?.nextCursor ? "" : `cursor=${encodeURIComponent(previous.nextCursor)}`;
      const query = [filter, cursor].filter(Boolean).join("&");
      return query ? `${PATHS.signals}?${query}` : PATHS.signals;
    },
    [filter],
  );
  const { data, error, size, setSize, mutate, isLoading } = useSWRInfinite<SignalsAnswer, Error>(
    keyOf,
    (path: string) => readView(SignalsAnswer, path),
    { revalidateOnMount: true, revalidateFirstPage: false, revalidateOnFocus: false },
  );
  const readPosition = data?.[0]?.position ?? 0;
  const readAgain = useCallback(() => void mutate(), [mutate]);
  const live = useLive(filter, readPosition, readAgain);

  const signals = useMemo(
    () => (data ? mergeSignals(...data.map((page) => page.items), live) : undefined),
    [data, live],
  );
  const last = data?.at(-1);
  const loadMore = useCallback(() => void setSize((pages) => pages + 1), [setSize]);
  return {
    signals,
    error,
    loadingMore: isLoading || (data !== undefined && data.length < size && !error),
    hasMore: last !== undefined && last.nextCursor !== null,
    loadMore,
    retry: readAgain,
  };
}

/** Signals of the wanted types since the page was opened. Starts a new read if something was missed. */
function useLive(filter: string, readPosition: number, readAgain: () => void): readonly Signal[] {
  const [live, setLive] = useState(NONE);
  const position = useRef(readPosition);
  useEffect(() => {
    position.current = Math.max(position.current, readPosition);
  }, [readPosition]);

  useEffect(() => {
    const wanted = new Set(new URLSearchParams(filter).getAll("type"));
    let timer: ReturnType<typeof setTimeout> | null = null;
    const stop = onFeed((event) => {
      if (event.kind === "resync") {
        position.current = 0;
        setLive(NONE);
        readAgain();
      } else if (event.kind === "head") {
        timer ??= setTimeout(() => {
          timer = null;
          if (position.current < event.position) readAgain();
        }, CATCH_UP_MS);
      } else {
        // A signal of another type counts too: the list is known to be complete up to there.
        position.current = Math.max(position.current, event.signal.position);
        if (wanted.size === 0 || wanted.has(event.signal.type)) setLive((before) => [event.signal, ...before]);
      }
    });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
    };
  }, [filter, readAgain]);
  return live;
}
