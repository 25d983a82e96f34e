"use client";
import { useActions } from "@/lib/client/api/actions";
import type { Person } from "@/lib/client/format/people";
import { ConfirmDialog } from "../../primitives/overlays/confirm-dialog";
import { usePerform } from "../use-perform";

export interface RevokeDialogProps {
  person: Person;
  open: boolean;
  onOpenChange(open: boolean): void;
}

export function RevokeDialog({ person, open, onOpenChange }: RevokeDialogProps) {
  const { revoke } = useActions();
  const { perform } = usePerform();
  const end = () =>
    perform(() => revoke(person.id), {
      done: `Contact with ${person.name} ended`,
      failed: `${person.name} is still your contact`,
    });
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={`End your contact with ${person.name}?`}
      description="It is written to the ledger for both of you to see. Trust between you no longer counts. Either of you can ask again later."
      confirm="End contact"
      onConfirm={() => void end()}
    />
  );
}
