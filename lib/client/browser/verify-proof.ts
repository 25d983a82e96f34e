/**
 * Checks one message in the browser: computes its running hash with WebCrypto and compares it with the mirror's. The server
 * only supplies the parts, never the verdict.
 */
import { parseConsensusTime } from "@/lib/core/ledger/consensus-time";
import { parseAccountId, parseTopicId } from "@/lib/core/ledger/ids";
import { equalBytes, HASH_BYTES, RUNNING_HASH_VERSION, runningHashPreimage } from "@/lib/core/ledger/running-hash";
import type { Proof } from "@/lib/wire/proof";

/** `failed` means that message and hash do not belong together. Hashes are in hex. */
export type ProofVerdict =
  | { readonly kind: "verified"; readonly computed: string; readonly expected: string; readonly content: string }
  | { readonly kind: "failed"; readonly computed: string; readonly expected: string; readonly content: string }
  | { readonly kind: "unverifiable"; readonly reason: string };

const unverifiable = (reason: string): ProofVerdict => ({ kind: "unverifiable", reason });

/** The bytes of base64 text; null if the text is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sha384(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));
}

/** Computes the running hash of the proof's message here. Asks nobody, and never rejects. */
export async function verifyProof(proof: Proof): Promise<ProofVerdict> {
  if (!globalThis.crypto?.subtle) return unverifiable("This browser computes hashes only on https pages.");
  const { message, previousRunningHash, runningHash } = proof;
  if (message.runningHashVersion !== RUNNING_HASH_VERSION) {
    return unverifiable("The ledger made this message's hash in an older form that cannot be recomputed.");
  }
  if (!runningHash) return unverifiable("The mirror node did not give this message's running hash.");
  if (message.payerAccountId === null) return unverifiable("The mirror node did not name the payer of this message.");
  if (!previousRunningHash) return unverifiable("The hash before this message is not known, so the chain starts here.");

  const topicId = parseTopicId(message.topicId);
  const payer = parseAccountId(message.payerAccountId);
  const consensusNs = parseConsensusTime(message.consensusTimestamp);
  const bytes = fromBase64(message.bytes);
  const previous = fromBase64(previousRunningHash);
  const expected = fromBase64(runningHash);
  if (!topicId || !payer || consensusNs === null || !bytes || previous?.length !== HASH_BYTES || !expected) {
    return unverifiable("The proof is not in a form that can be checked.");
  }
  const content = await sha384(bytes);
  const link = { topicId, payer, consensusNs, sequence: message.sequenceNumber };
  const computed = await sha384(runningHashPreimage(previous, link, content));
  return {
    kind: equalBytes(computed, expected) ? "verified" : "failed",
    computed: toHex(computed),
    expected: toHex(expected),
    content: toHex(content),
  };
}
