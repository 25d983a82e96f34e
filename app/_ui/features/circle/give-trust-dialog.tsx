"use client";
import { useMemo } from "react";
import { useActions } from "@/lib/client/api/actions";
import { usePeople } from "@/lib/client/format/people";
import type { Contact } from "@/lib/wire/contacts";
import { Dialog } from "../../primitives/overlays/dialog";
import { type Choice, PersonPicker } from "../people/person-picker";
import { usePerform } from "../use-perform";

export interface GiveTrustDialogProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  candidates: readonly Contact[];
}

export function GiveTrustDialog({ open, onOpenChange, candidates }: GiveTrustDialogProps) {
  const { giveTrust } = useActions();
  const { perform } = usePerform();
  const { person } = usePeople();
  const people = useMemo(
    () =>
      candidates
        .map(({ peerId, trust }) => ({
          id: peerId,
          name: person(peerId).name,
          note: trust.receivedFrom > 0 ? "trusts you" : null,
        }))
        .sort((a, b) => a.name.localeCompare(b.name)),
    [candidates, person],
  );
  const give = ({ id, name }: Choice) => {
    onOpenChange(false);
    void perform(() => giveTrust(id), { done: `You trust ${name}`, failed: `No trust given to ${name}` });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Give trust"
      description="One of your contacts takes a seat in your circle."
    >
      <PersonPicker
        people={people}
        label="Search contacts"
        empty="No contact of yours is left to trust."
        onPick={give}
      />
    </Dialog>
  );
}
