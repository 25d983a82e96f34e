"use client";
import { useCallback, useState } from "react";
import { isOutcomeUnknown, reasonOf } from "@/lib/client/api/http";
import { useToast } from "../primitives/overlays/toast";

export interface Performance {
  /** Shown when the ledger has accepted the action. */
  readonly done: React.ReactNode;
  /** Shown with the reason when the action was refused and the page has been rolled back; not where nobody knows if it was done. */
  readonly failed: string;
}

/** The title for an action that failed with this error. */
export const failureTitle = (error: unknown, { failed }: Pick<Performance, "failed">): string =>
  isOutcomeUnknown(error) ? "It is not known whether that was written" : failed;

/** Runs an action and reports how it ended. Resolves with whether it succeeded. */
export function usePerform() {
  const say = useToast();
  const [busy, setBusy] = useState(false);
  const perform = useCallback(
    async (action: () => Promise<void>, words: Performance): Promise<boolean> => {
      setBusy(true);
      try {
        await action();
        say({ tone: "good", title: words.done });
        return true;
      } catch (error) {
        say({ tone: "bad", title: failureTitle(error, words), detail: reasonOf(error) });
        return false;
      } finally {
        setBusy(false);
      }
    },
    [say],
  );
  return { perform, busy };
}
