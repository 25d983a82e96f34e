"use client";
import { useEffect, useRef } from "react";
import type { Paged } from "@/lib/client/api/views/pages";
import { calendarDate } from "@/lib/client/format/time";
import { Button } from "../primitives/button";
import { ReadError } from "./read-error";

const endOf = (what: string, droppedThrough: string | null): string =>
  droppedThrough === null
    ? "That is everything on the ledger."
    : `Some ${what} until ${calendarDate(Number(droppedThrough) * 1_000)} are no longer kept here. The ledger has them.`;

/** Loads older items when the end of the list comes near, and with a button for readers who do not scroll. */
export function More({ list, what }: { list: Paged; what: string }) {
  const { hasMore, droppedThrough, loadingMore, loadMore, error, retry } = list;
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
  if (!hasMore) return <p className="py-6 text-center text-ink-faint text-sm">{endOf(what, droppedThrough)}</p>;
  return (
    <div ref={end} className="flex justify-center py-6">
      <Button busy={loadingMore} onClick={loadMore}>
        {loadingMore ? `Loading older ${what}` : `Load older ${what}`}
      </Button>
    </div>
  );
}
