"use client";
import { lazy, Suspense } from "react";
import type { Signal } from "@/lib/wire/signals";
import { Popover } from "../../primitives/overlays/popover";
import { ProofSkeleton } from "./proof-skeleton";
import { SealMark, type SealState, sealStateOf } from "./seal-mark";

/** Loaded with the first proof, and with it the code that computes running hashes. */
const ProofPanel = lazy(() => import("./proof-panel"));

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
      <Suspense fallback={<ProofSkeleton />}>
        <ProofPanel signal={signal} state={state} />
      </Suspense>
    </Popover>
  );
}
