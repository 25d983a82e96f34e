"use client";
import { AlertDialog as Radix } from "radix-ui";
import { useState } from "react";
import { Button } from "../button";
import { Field } from "../field";
import { LedgerInput } from "../ledger-input";
import { useReturnFocus } from "./return-focus";

export interface TypedConfirmProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  title: string;
  description: string;
  /** The text to type, exactly as shown. */
  phrase: string;
  confirm: string;
  busy: boolean;
  /** The reason why the action was refused. Null before it was tried. */
  refusal: string | null;
  onConfirm(): void;
}

/** Confirms an action that cannot be undone or that costs something. Typing the phrase shows that the user has read it. */
export function TypedConfirm({ open, onOpenChange, ...rest }: TypedConfirmProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 animate-appear bg-veil" />
        <Content {...rest} />
      </Radix.Portal>
    </Radix.Root>
  );
}

function Content({
  title,
  description,
  phrase,
  confirm,
  busy,
  refusal,
  onConfirm,
}: Omit<TypedConfirmProps, "open" | "onOpenChange">) {
  const [typed, setTyped] = useState("");
  const returnFocus = useReturnFocus();
  const isTyped = typed.trim() === phrase;
  return (
    <Radix.Content
      {...returnFocus}
      className="fixed inset-x-0 bottom-0 z-50 max-h-[92dvh] animate-rise overflow-y-auto rounded-t-card border border-line bg-surface p-5 pb-[max(1.25rem,env(safe-area-inset-bottom))] shadow-float sm:inset-0 sm:m-auto sm:h-fit sm:w-[min(28rem,calc(100vw-2rem))] sm:rounded-card"
    >
      <Radix.Title className="font-display font-semibold text-xl">{title}</Radix.Title>
      <Radix.Description className="mt-2 text-ink-soft">{description}</Radix.Description>
      <form
        className="mt-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (isTyped && !busy) onConfirm();
        }}
      >
        <Field label={`Type ${phrase} to continue`}>
          {(control) => <LedgerInput {...control} value={typed} onValue={setTyped} />}
        </Field>
        {refusal && (
          <p role="alert" className="mt-3 rounded-control bg-danger-soft px-3 py-2 text-danger text-sm">
            {refusal}
          </p>
        )}
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Radix.Cancel asChild>
            <Button>Leave it</Button>
          </Radix.Cancel>
          <Button type="submit" look="danger" busy={busy} disabled={!isTyped}>
            {confirm}
          </Button>
        </div>
      </form>
    </Radix.Content>
  );
}
