"use client";
import { ErrorState } from "../_ui/primitives/states";

export default function PageError({ retry }: { error: unknown; retry: () => void }) {
  return (
    <ErrorState
      title="This page failed to load"
      reason="Nothing is lost: everything is on the ledger. Try once more."
      onRetry={retry}
      wholePage
    />
  );
}
