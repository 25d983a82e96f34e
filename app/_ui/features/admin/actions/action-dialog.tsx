"use client";
import { useRef, useState } from "react";
import { useSWRConfig } from "swr";
import { unstable_serialize } from "swr/infinite";
import { ADMIN_PATHS } from "@/lib/client/admin/paths";
import { type ActionWords, outcomeOf } from "@/lib/client/admin/sentences";
import { type AdminRequest, newActionKey, refusalSentence, sendAction } from "@/lib/client/admin/status";
import { useToast } from "../../../primitives/overlays/toast";
import { TypedConfirm } from "../../../primitives/overlays/typed-confirm";

export interface Intent {
  readonly request: AdminRequest;
  readonly words: ActionWords;
  /** The phrase that the operator types: the topic, the person, "everything". */
  readonly phrase: string;
}

/** Asks for the phrase, sends the action, and shows the result. */
export function ActionDialog({ intent, onClose }: { intent: Intent | null; onClose(): void }) {
  const { mutate } = useSWRConfig();
  const say = useToast();
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  // One key for each opening of the dialog, so that a retry after a lost answer repeats nothing.
  const key = useRef<string | null>(null);

  const close = () => {
    key.current = null;
    setRefusal(null);
    onClose();
  };
  const act = async ({ request, words }: Intent) => {
    key.current ??= newActionKey();
    setBusy(true);
    setRefusal(null);
    try {
      const { entry } = await sendAction(request, key.current);
      if (entry.state === "failed" || entry.state === "refused") setRefusal(outcomeOf(entry, Date.now()));
      else {
        say({ tone: "good", title: words.taken });
        close();
      }
    } catch (error) {
      setRefusal(refusalSentence(error));
    } finally {
      setBusy(false);
      void mutate(ADMIN_PATHS.status);
      void mutate(ADMIN_PATHS.shards);
      void mutate(unstable_serialize(() => ADMIN_PATHS.operatorLog));
    }
  };
  return (
    intent && (
      <TypedConfirm
        open
        onOpenChange={(open) => !open && !busy && close()}
        title={intent.words.title}
        description={intent.words.consequence}
        phrase={intent.phrase}
        confirm={intent.words.confirm}
        busy={busy}
        refusal={refusal}
        onConfirm={() => void act(intent)}
      />
    )
  );
}
