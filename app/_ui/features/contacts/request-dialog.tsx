"use client";
import { useMemo, useState } from "react";
import { useActions } from "@/lib/client/api/actions";
import { useDemoPeople, useSession } from "@/lib/client/api/session";
import { usePeople } from "@/lib/client/format/people";
import { parseUserId } from "@/lib/core/ledger/ids";
import { Button } from "../../primitives/button";
import { Field } from "../../primitives/field";
import { LedgerInput } from "../../primitives/ledger-input";
import { Dialog } from "../../primitives/overlays/dialog";
import { type Choice, PersonPicker } from "../people/person-picker";
import { usePerform } from "../use-perform";
import { Asked, beforeAsking, noAccount, UnusedWarning } from "./before-asking";

export interface RequestDialogProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  onAsked(): void;
}

/** Asks somebody by id. On a local ledger, a list of people is offered too. */
export function RequestDialog({ open, onOpenChange, onAsked }: RequestDialogProps) {
  const { request } = useActions();
  const { perform, busy } = usePerform();
  const strangers = useStrangers(open);

  const ask = (id: string, name: string) => {
    onOpenChange(false);
    onAsked();
    void perform(() => request(id, name), { done: <Asked id={id} />, failed: `${name} was not asked` });
  };

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Add a contact"
      description="They see your request as soon as the ledger has it."
    >
      <div className="space-y-6">
        <ById strangers={strangers} onAsk={ask} busy={busy} />
        {strangers.length > 0 && (
          <section aria-label="People on this ledger">
            <h3 className="mb-2 font-medium text-sm">Or somebody on this ledger</h3>
            <PersonPicker
              people={strangers}
              label="Search people"
              empty="Nobody new goes by that name or id."
              onPick={(choice) => ask(choice.id, choice.name)}
            />
          </section>
        )}
      </div>
    </Dialog>
  );
}

function useStrangers(enabled: boolean) {
  const { data: session } = useSession();
  const { data } = useDemoPeople(enabled && session?.demo === true);
  const { person } = usePeople();
  return useMemo(
    () =>
      (data?.people ?? [])
        .filter(({ userId }) => ["none", "incoming"].includes(person(userId).relation))
        .map(({ userId }) => person(userId)),
    [data, person],
  );
}

interface ByIdProps {
  /** People of a local ledger. */
  strangers: readonly Choice[];
  onAsk(id: string, name: string): void;
  busy: boolean;
}

function ById({ strangers, onAsk, busy }: ByIdProps) {
  const { person } = usePeople();
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isLooking, setIsLooking] = useState(false);
  /** An id that nobody has used. The user may still send it a request. */
  const [strangerId, setStrangerId] = useState<string | null>(null);

  const send = async (event: React.FormEvent) => {
    event.preventDefault();
    const id = parseUserId(text.trim());
    const relation = id ? person(id).relation : null;
    if (!id) return setError("An id has 1 to 50 characters and no spaces, like 0.0.7226146 or tm-alice.");
    if (relation === "self") return setError("That is you.");
    if (relation === "contact") return setError("You are contacts already.");
    if (relation === "outgoing") return setError("You have asked already.");
    if (id === strangerId || strangers.some((stranger) => stranger.id === id)) return onAsk(id, person(id).name);
    setIsLooking(true);
    const found = await beforeAsking(id);
    setIsLooking(false);
    if (found === "no-account") return setError(noAccount(id));
    if (found === "unused") return setStrangerId(id);
    onAsk(id, person(id).name);
  };

  return (
    <form onSubmit={send} noValidate>
      <Field label="Account id" hint="Like 0.0.7226146 or tm-alice" error={error}>
        {(control) => (
          <div className="flex gap-2">
            <LedgerInput
              {...control}
              value={text}
              onValue={(value) => {
                setText(value);
                setError(null);
                setStrangerId(null);
              }}
            />
            <Button type="submit" look="primary" busy={busy || isLooking}>
              {strangerId === null ? "Ask" : "Ask anyway"}
            </Button>
          </div>
        )}
      </Field>
      {strangerId !== null && <UnusedWarning id={strangerId} />}
    </form>
  );
}
