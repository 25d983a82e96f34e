/** The signal feed: pages by cursor, live signals merged by id, none read twice. */
import { useCallback, useEffect, useMemo } from "react";
import useSWRInfinite from "swr/infinite";
import { SignalsAnswer } from "@/lib/wire/signals";
import { PATHS } from "./keys";
import { onFeed } from "./live";
import { readView } from "./reads";
import { flatten, mergeSignal } from "./signal-merge";

const PAGE_SIZE = 30;
/** After a reconnect the stream itself brings what was missed; only if it has not by then, read again. */
const CATCH_UP_MS = 1_500;

export function useSignals(types: readonly string[]) {
  const filter = types.map((type) => `&type=${encodeURIComponent(type)}`).join("");
  const keyOf = useCallback(
    (index: number, previous: SignalsAnswer | null) => {
      if (previous && previous.nextCursor === null) return null;
      const cursor = index === 0 || !previous?.nextCursor ? "" : `&cursor=${encodeURIComponent(previous.nextCursor)}`;
      return `${PATHS.signals}?limit=${PAGE_SIZE}${filter}${cursor}`;
    },
    [filter],
  );
  const { data, error, size, setSize, mutate, isLoading, isValidating } = useSWRInfinite<SignalsAnswer, Error>(
    keyOf,
    (path: string) => readView(SignalsAnswer, path),
    { revalidateFirstPage: false, revalidateOnFocus: false },
  );

  useEffect(() => {
    const wanted = new Set(filter.split("&type=").slice(1).map(decodeURIComponent));
    let head = 0;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const catchUp = () => {
      timer = null;
      void mutate((pages) => {
        const behind = pages?.[0] && pages[0].position < head;
        if (behind) queueMicrotask(() => void mutate());
        return pages;
      }, false);
    };
    const stop = onFeed((event) => {
      if (event.kind === "resync") void setSize(1).then(() => mutate());
      if (event.kind === "head") {
        head = event.position;
        timer ??= setTimeout(catchUp, CATCH_UP_MS);
      }
      if (event.kind !== "signal") return;
      const { signal } = event;
      // Another type moves the position too: the filtered list is then known to be complete up to there.
      void mutate((pages) => {
        if (!pages) return pages;
        if (wanted.size === 0 || wanted.has(signal.type)) return mergeSignal(pages, signal);
        return pages.map((page) => ({ ...page, position: Math.max(page.position, signal.position) }));
      }, false);
    });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
    };
  }, [filter, mutate, setSize]);

  const signals = useMemo(() => (data ? flatten(data) : undefined), [data]);
  const last = data?.at(-1);
  const loadingMore = isLoading || (size > 0 && data !== undefined && data.length < size && !error);
  const loadMore = useCallback(() => void setSize((pages) => pages + 1), [setSize]);
  const retry = useCallback(() => void mutate(), [mutate]);
  return {
    signals,
    error,
    isLoading,
    isValidating,
    loadingMore,
    hasMore: last !== undefined && last.nextCursor !== null,
    loadMore,
    retry,
  };
}
