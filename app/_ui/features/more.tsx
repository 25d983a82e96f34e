"use client";
import { useEffect, useRef } from "react";
import type { Paged } from "@/lib/client/api/views/pages";
import { calendarDate } from "@/lib/client/format/time";
import { useIsIncomplete } from "@/lib/client/live/freshness";
import { Button } from "../primitives/button";
import { NOT_ALL_READ } from "./nothing-yet";
import { ReadError } from "./read-error";

/** The server knows that some signals of the person were dropped, but not of which kind. So perhaps no item of this list is missing. */
const droppedWords = (what: string, droppedThrough: string): string =>
  `Some ${what} until ${calendarDate(Number(droppedThrough) * 1_000)} may be missing, because this server no longer keeps all of them. The ledger has them.`;

/** A note in a list, before the item from which on the list may be incomplete (lib/client/format/dropped). */
export function DroppedNote({ what, droppedThrough }: { what: string; droppedThrough: string }) {
  return (
    <p className="rounded-control bg-raised px-3 py-2 text-ink-soft text-sm">
      From here on, this list may not be complete. {droppedWords(what, droppedThrough)}
    </p>
  );
}

interface MoreProps {
  list: Paged;
  what: string;
  /** Whether a `DroppedNote` stands in the list. */
  isNoted: boolean;
}

function endOf({ list: { droppedThrough }, what, isNoted }: MoreProps): string {
  if (droppedThrough === null) return "That is everything on the ledger.";
  return isNoted ? "That is everything that is kept here." : droppedWords(what, droppedThrough);
}

/** Loads older items when the end of the list comes near, and with a button for readers who do not scroll. */
export function More(props: MoreProps) {
  const { list, what } = props;
  const isIncomplete = useIsIncomplete();
  const { hasMore, loadingMore, loadMore, error, retry } = list;
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!hasMore || loadingMore || error || !end.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && loadMore(),
      { rootMargin: "600px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [hasMore, loadingMore, error, loadMore]);

  if (error) return <ReadError title={`Older ${what} could not be read`} error={error} onRetry={retry} />;
  if (!hasMore) {
    const words = isIncomplete ? NOT_ALL_READ : endOf(props);
    return <p className="py-6 text-center text-ink-faint text-sm">{words}</p>;
  }
  return (
    <div ref={end} className="flex justify-center py-6">
      <Button busy={loadingMore} onClick={loadMore}>
        {loadingMore ? `Loading older ${what}` : `Load older ${what}`}
      </Button>
    </div>
  );
}
