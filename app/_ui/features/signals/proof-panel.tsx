"use client";
import { useProof } from "@/lib/client/api/proof";
import { batchIn } from "@/lib/client/browser/batch-in";
import type { ProofVerdict } from "@/lib/client/browser/verify-proof";
import { harmlessText } from "@/lib/client/format/harmless";
import { whole } from "@/lib/client/format/numbers";
import { exactConsensusTime } from "@/lib/client/format/time";
import type { Signal } from "@/lib/wire/signals";
import { Button } from "../../primitives/button";
import { ReadErrorNote } from "../read-error";
import { ProofSkeleton } from "./proof-skeleton";
import { SealMark, type SealState } from "./seal-mark";

/** Loads the parts of the proof, computes the running hash here, and shows both hashes side by side. */
export default function ProofPanel({ signal, state }: { signal: Signal; state: SealState }) {
  const { data, error, mutate, isValidating } = useProof(signal.topicId, signal.sequenceNumber);

  if (state === "pending" && (error || !data)) {
    return (
      <p className="mt-2 text-ink-soft text-sm">
        It was sent, and the ledger's copy has not come back yet. The seal closes by itself when it does.
      </p>
    );
  }
  if (error) return <ReadErrorNote error={error} onRetry={() => void mutate()} className="mt-2" />;
  if (!data) {
    return <ProofSkeleton />;
  }
  const { proof, verdict } = data;
  const { place = 0 } = signal;
  const batch = batchIn(proof);
  return (
    <div className="mt-2 space-y-3 text-sm">
      <Verdict verdict={verdict} mirrors={proof.mirrors} />
      {verdict.kind === "unverifiable" && proof.reason && (
        <p className="text-ink-soft">The server says: {proof.reason}</p>
      )}
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-1.5 border-line border-t pt-3">
        {verdict.kind !== "unverifiable" && (
          <>
            <Fact name="Computed" value={<Hash hex={verdict.computed} />} />
            <Fact name="Mirror" value={<Hash hex={verdict.expected} />} />
            <Fact name="Content" value={<Hash hex={verdict.content} />} />
          </>
        )}
        <Fact name="Topic" value={proof.message.topicId} />
        <Fact name="Sequence" value={proof.message.sequenceNumber} />
        {batch !== null && (
          <Fact name="Signal" value={`${whole(place + 1)} of ${whole(batch.length)} in this message`} />
        )}
        <Fact name="Payer" value={proof.message.payerAccountId ?? "not given by the mirror"} />
        <Fact name="Consensus" value={exactConsensusTime(proof.message.consensusTimestamp)} />
      </dl>
      {batch !== null && (
        <section aria-label="This signal as the message holds it" className="border-line border-t pt-3">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
          <pre tabIndex={0} className="ledger max-h-64 overflow-auto whitespace-pre-wrap text-xs">
            {harmlessText(batch[place] ?? "The message does not hold this signal.")}
          </pre>
        </section>
      )}
      <Button size="sm" busy={isValidating} onClick={() => void mutate()}>
        Check again
      </Button>
    </div>
  );
}

function Verdict({ verdict, mirrors }: { verdict: ProofVerdict; mirrors: number }) {
  if (verdict.kind === "unverifiable") {
    return <p data-testid="verdict">This browser cannot check it. {verdict.reason}</p>;
  }
  const good = verdict.kind === "verified";
  return (
    <p data-testid="verdict" className="flex items-start gap-2">
      <SealMark state={verdict.kind} className="mt-0.5 size-5 shrink-0" />
      {good ? (
        <span>
          <strong className="text-accent-strong">Verified in this browser.</strong> The running hash computed here
          follows in the chain that {mirrors > 1 ? `${mirrors} mirrors agree on` : "this server's mirror gave"}.
        </span>
      ) : (
        <span>
          <strong className="text-danger">It does not match.</strong> The running hash computed here is not the one
          given: the message or its proof was altered.
        </span>
      )}
    </p>
  );
}

function Fact({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <>
      <dt className="text-ink-soft">{name}</dt>
      <dd className="ledger self-center text-xs">{value}</dd>
    </>
  );
}

const ENDS = 12;

function Hash({ hex }: { hex: string }) {
  return (
    <span title={hex}>
      {hex.slice(0, ENDS)}…{hex.slice(-ENDS)}
    </span>
  );
}
