/** The proof of one message, read from the server and checked in this browser. */
import useSWR, { type SWRResponse } from "swr";
import type { ProofAnswer } from "@/lib/wire/proof";
import { type ProofVerdict, verifyProof } from "../browser/verify-proof";
import { KEYS } from "./keys";
import { readProof } from "./single-reads";
import { useViewOptions } from "./views/view-options";

/** A proof as the server gave it, and what this browser found. */
export interface CheckedProof {
  readonly proof: ProofAnswer;
  readonly verdict: ProofVerdict;
}

/** Reads the parts of a proof and computes the running hash here, as an SWR response. `mutate()` checks again. */
export function useProof(topicId: string, sequenceNumber: number): SWRResponse<CheckedProof, Error> {
  return useSWR<CheckedProof, Error>(
    [KEYS.proof, topicId, sequenceNumber],
    async () => {
      const proof = await readProof(topicId, sequenceNumber);
      return { proof, verdict: await verifyProof(proof) };
    },
    { ...useViewOptions(), revalidateOnFocus: false, shouldRetryOnError: false },
  );
}
