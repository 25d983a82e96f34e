"use client";
import { useState } from "react";
import type { Signal } from "@/lib/wire/signals";
import { Popover } from "../../primitives/overlays/popover";
import { ProofPanel } from "./proof-panel";
import { SealMark, type SealState, sealStateOf } from "./seal-mark";

const LABELS: Record<SealState, string> = {
  verified: "Verified by the server",
  unverifiable: "Cannot be verified",
  failed: "Verification failed",
  pending: "On its way to the ledger",
};

/** The server's verdict on a message. When pressed, the browser checks the message itself. */
export function Seal({ signal }: { signal: Signal }) {
  const [open, setOpen] = useState(false);
  const state = sealStateOf(signal);
  const trigger = (
    <button
      type="button"
      aria-label={`${LABELS[state]}. Check message ${signal.sequenceNumber} in this browser`}
      className="grid size-10 shrink-0 place-items-center rounded-full transition-colors hover:bg-accent-soft"
    >
      <SealMark state={state} className="size-6" />
    </button>
  );
  return (
    <Popover trigger={trigger} label="Proof of this message" onOpenChange={setOpen}>
      <h3 className="flex items-center gap-2 font-display font-semibold text-lg">
        <SealMark state={state} className="size-6" />
        {LABELS[state]}
      </h3>
      {open && <ProofPanel signal={signal} state={state} />}
    </Popover>
  );
}
