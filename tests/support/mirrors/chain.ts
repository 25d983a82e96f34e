/** Makes topics with real running hashes from message bodies. */
import { hash } from "node:crypto";
import { type ConsensusNs, consensusNs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, Sequence, TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { GENESIS_HASH, nextRunningHash } from "@/lib/core/ledger/running-hash";

export const OPERATOR = "0.0.2" as AccountId;
export const sha384 = (bytes: Uint8Array): Uint8Array => hash("sha384", bytes, "buffer");

export interface Piece {
  readonly body: unknown;
  readonly payer?: AccountId;
  readonly consensusNs?: bigint;
  readonly chunk?: LedgerMessage["chunk"];
}

const bytesOf = (body: unknown) => (body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body)));

/** One message for each piece, from sequence 1. Messages without a time are one second apart. */
export function chainOf(
  topicId: string,
  pieces: readonly Piece[],
  startNs = 1_790_000_000_000_000_000n,
): readonly LedgerMessage[] {
  let previous: Uint8Array = GENESIS_HASH;
  return pieces.map((piece, index) => {
    const message = bytesOf(piece.body);
    const link = {
      topicId: topicId as TopicId,
      payer: piece.payer ?? OPERATOR,
      consensusNs: consensusNs(piece.consensusNs ?? startNs + BigInt(index) * 1_000_000_000n) as ConsensusNs,
      sequence: (index + 1) as Sequence,
    };
    previous = nextRunningHash(sha384, previous, link, message);
    return { ...link, message, runningHash: previous, runningHashVersion: 3, chunk: piece.chunk ?? null };
  });
}

/** Cuts a body into chunks as the SDK does. */
export function chunked(body: unknown, key: string, chunkBytes: number): readonly Piece[] {
  const bytes = bytesOf(body);
  const total = Math.ceil(bytes.length / chunkBytes);
  return Array.from({ length: total }, (_, i) => ({
    body: bytes.slice(i * chunkBytes, (i + 1) * chunkBytes),
    chunk: { key, number: i + 1, total },
  }));
}
