"use client";
import { useIsIncomplete } from "@/lib/client/live/freshness";
import { EmptyState } from "../primitives/states";

/** Says that nothing is here yet, but only if the server has read everything from the ledger. */
export function NothingYet(state: React.ComponentProps<typeof EmptyState>) {
  return useIsIncomplete() ? (
    <EmptyState title="Still reading the ledger" icon={state.icon}>
      The server has not read everything yet. What is missing comes by itself.
    </EmptyState>
  ) : (
    <EmptyState {...state} />
  );
}
