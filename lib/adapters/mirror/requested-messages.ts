/**
 * Keeps only the part of an answer that was asked for. A mirror, or a proxy in front of it, may answer about another topic or
 * sequence number, or give one sequence number twice with different contents. None of that may be stored.
 */

import type { LedgerMessage } from "../../core/ledger/message";
import type { PageRequest } from "../../ports/ledger/ledger";

/** `foreign`: how many messages of the answer were not asked for, or contradict each other. */
export interface RequestedMessages {
  readonly messages: readonly LedgerMessage[];
  readonly foreign: number;
}

/** The messages of a page that were asked for, each sequence number once. Copies that differ are all left out. */
export function requestedOnly(request: PageRequest, answer: readonly LedgerMessage[]): RequestedMessages {
  const upTo = request.upTo ?? Number.POSITIVE_INFINITY;
  const bySequence = new Map<number, LedgerMessage>();
  const contradicted = new Set<number>();
  let foreign = 0;
  for (const message of answer) {
    const { sequence } = message;
    const known = bySequence.get(sequence);
    if (message.topicId !== request.topicId || sequence <= request.after || sequence > upTo) foreign += 1;
    else if (known === undefined) bySequence.set(sequence, message);
    else if (!isSame(known, message)) contradicted.add(sequence);
  }
  for (const sequence of contradicted) bySequence.delete(sequence);
  return { messages: [...bySequence.values()], foreign: foreign + contradicted.size };
}

function isSame(a: LedgerMessage, b: LedgerMessage): boolean {
  return (
    a.consensusNs === b.consensusNs &&
    a.payer === b.payer &&
    a.runningHashVersion === b.runningHashVersion &&
    (a.defect ?? null) === (b.defect ?? null) &&
    sameBytes(a.message, b.message) &&
    (a.runningHash === null || b.runningHash === null
      ? a.runningHash === b.runningHash
      : sameBytes(a.runningHash, b.runningHash)) &&
    JSON.stringify(a.chunk) === JSON.stringify(b.chunk)
  );
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(b);
