/** Lists that are read page by page, by cursor, without an end. */
import { useCallback } from "react";
import useSWRInfinite, { type SWRInfiniteConfiguration } from "swr/infinite";
import { cacheKey } from "../keys";
import { useViewOptions } from "./view-options";

export interface Page {
  readonly nextCursor: string | null;
  readonly droppedThrough?: string | undefined;
}

/** A list of pages as hooks return it. */
export interface Paged {
  readonly error: Error | undefined;
  /** Whether older items exist that are not loaded yet. */
  readonly hasMore: boolean;
  /**
   * The latest consensus time of the signals, of any kind, that the loaded pages may lack because the server dropped them; null if none.
   */
  readonly droppedThrough: string | null;
  /** Whether a page is on its way. */
  readonly loadingMore: boolean;
  /** Loads the next page of older items. */
  loadMore(): void;
  /** Reads all loaded pages again. */
  retry(): void;
}

/** The key of each page. Null after the last one. */
export const pageKeys =
  (pathOf: (cursor: string | null) => string) =>
  (index: number, previous: Page | null): string | null => {
    if (index === 0 || previous === null) return cacheKey(pathOf(null));
    return previous.nextCursor === null ? null : cacheKey(pathOf(previous.nextCursor));
  };

/** Pages go back in time, so the first one that lacks something lacks the latest. */
export const droppedThroughOf = (pages: readonly Page[] | undefined): string | null =>
  pages?.find(({ droppedThrough }) => droppedThrough !== undefined)?.droppedThrough ?? null;

/** `keys` comes from `pageKeys`; `read` gets a key. `pages` is undefined until the first page has been read. */
export function usePages<Answer extends Page>(
  keys: ReturnType<typeof pageKeys>,
  read: (key: string) => Promise<Answer>,
  options: SWRInfiniteConfiguration<Answer, Error>,
): Paged & { readonly pages: readonly Answer[] | undefined } {
  const { data, error, size, setSize, mutate, isLoading } = useSWRInfinite<Answer, Error>(keys, read, {
    ...useViewOptions(),
    ...options,
  });
  return {
    pages: data,
    error,
    hasMore: (data?.at(-1)?.nextCursor ?? null) !== null,
    droppedThrough: droppedThroughOf(data),
    loadingMore: isLoading || (data !== undefined && data.length < size && !error),
    loadMore: useCallback(() => void setSize((pages) => pages + 1), [setSize]),
    retry: useCallback(() => void mutate(), [mutate]),
  };
}
