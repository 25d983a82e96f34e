"use client";
import { useCallback, useState } from "react";
import { isOutcomeUnknown, reasonOf } from "@/lib/client/api/http";
import { useToast } from "../primitives/overlays/toast";

/** The titles of the notices about an action's outcome. */
export interface OutcomeTitles {
  /** Shown when the ledger has accepted the action. */
  readonly done: React.ReactNode;
  /** Shown with the reason when the action was refused and the page has been rolled back; not where nobody knows if it was done. */
  readonly failed: string;
}

/** The title for an action that failed with this error. */
export const failureTitle = (error: unknown, { failed }: Pick<OutcomeTitles, "failed">): string =>
  isOutcomeUnknown(error) ? "It is not known whether that was written" : failed;

/** Runs an action and reports how it ended. Resolves with whether it succeeded. */
export function usePerform() {
  const say = useToast();
  const [busy, setBusy] = useState(false);
  const perform = useCallback(
    async (action: () => Promise<void>, titles: OutcomeTitles): Promise<boolean> => {
      setBusy(true);
      try {
        await action();
        say({ tone: "good", title: titles.done });
        return true;
      } catch (error) {
        say({ tone: "bad", title: failureTitle(error, titles), detail: reasonOf(error) });
        return false;
      } finally {
        setBusy(false);
      }
    },
    [say],
  );
  return { perform, busy };
}
