"use client";
import { useEffect } from "react";
import type { Signal } from "@/lib/wire/signals";
import { Button } from "../../primitives/button";
import { onDemand, useOnDemand } from "../../primitives/overlays/on-demand";
import { Popover } from "../../primitives/overlays/popover";
import { MISSING_CODE } from "../../primitives/overlays/toast";
import { ProofSkeleton } from "./proof-skeleton";
import { SealMark, type SealState, sealStateOf } from "./seal-mark";

/** Loaded with the first proof, and with it the code that computes running hashes. */
const code = onDemand(() => import("./proof-panel"));

const LABELS: Record<SealState, string> = {
  verified: "Verified by the server",
  unverifiable: "Cannot be verified",
  failed: "Verification failed",
  pending: "On its way to the ledger",
};

/** The server's verdict on a message. When pressed, the browser checks the message itself. */
export function Seal({ signal }: { signal: Signal }) {
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
    <Popover trigger={trigger} label="Proof of this message">
      <h3 className="flex items-center gap-2 font-display font-semibold text-lg">
        <SealMark state={state} className="size-6" />
        {LABELS[state]}
      </h3>
      <Proof signal={signal} state={state} />
    </Popover>
  );
}

function Proof(props: { signal: Signal; state: SealState }) {
  const [parts, load] = useOnDemand(code);
  useEffect(load, [load]);
  if (parts === null) return <ProofSkeleton />;
  if (parts !== "missing") return <parts.default {...props} />;
  return (
    <div role="alert" className="mt-2 space-y-3 text-sm">
      <p className="text-danger">The code that checks messages could not be loaded. {MISSING_CODE}</p>
      <Button size="sm" onClick={load}>
        Try again
      </Button>
    </div>
  );
}
