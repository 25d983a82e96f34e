"use client";
import { useIsIncomplete } from "@/lib/client/live/freshness";
import { EmptyState } from "../primitives/states";

/** Stands where a list would be called empty or complete, and begins what a page says instead. */
export const NOT_ALL_READ = "The server has not read everything from the ledger yet.";

/** Says that nothing is here yet, but only if the server has read everything from the ledger. */
export function NothingYet(state: React.ComponentProps<typeof EmptyState>) {
  return useIsIncomplete() ? (
    <EmptyState title="Still reading the ledger" icon={state.icon}>
      {NOT_ALL_READ} What is missing shows here once it is read.
    </EmptyState>
  ) : (
    <EmptyState {...state} />
  );
}
