/**
 * Commits a run of messages, in ever smaller pieces if the store refuses it. Messages are checked when they come from a mirror,
 * so this should never be needed. If it is, one message is kept as failed and the topic goes on instead of standing still for
 * good.
 */
import { consensusNs } from "../../../core/ledger/consensus-time";
import type { LedgerMessage } from "../../../core/ledger/message";
import type { ChainHead } from "../../../core/ledger/verify";
import type { Interval } from "../../../core/sync/intervals";
import { BatchRefused } from "../../../ports/store/sync/batch-store";

/** Messages to commit after `chain`. `gap`: the hole before them, which is declared with them. */
export interface Run {
  readonly chain: ChainHead;
  readonly messages: readonly LedgerMessage[];
  readonly gap: Interval | null;
}

/** The part of a topic's sync that stores messages. */
export interface Committer {
  /** The number of verified messages, or null if another instance was first. */
  commit(run: Run): Promise<number | null>;
  /** The chain after the last commit; null if it is no longer known. */
  head(): ChainHead | null;
}

/**
 * Commits a run as `Committer.commit` does. If the store refuses it, commits smaller pieces one after the other. Resolves to the
 * number of verified messages, or to null if another instance was first. Rejects for every other failure.
 */
export async function commitInPieces(committer: Committer, run: Run): Promise<number | null> {
  try {
    return await committer.commit(run);
  } catch (cause) {
    const pieces = isRefusal(cause) ? smaller(run.messages) : null;
    if (pieces === null) throw cause;
    let verified = 0;
    for (const [i, messages] of pieces.entries()) {
      const chain = i === 0 ? run.chain : committer.head();
      const ofPiece = chain && (await commitInPieces(committer, { chain, messages, gap: i === 0 ? run.gap : null }));
      if (ofPiece === null) return null;
      verified += ofPiece;
    }
    return verified;
  }
}

/** The store cannot hold the batch, or our own code failed on it. Waiting helps neither. */
const isRefusal = (cause: unknown): boolean =>
  [BatchRefused, TypeError, RangeError].some((kind) => cause instanceof kind);

/**
 * The two halves of a run. A single message is first marked as a defect, then stripped of everything but its place. Null if it was
 * stripped already.
 */
function smaller(messages: readonly LedgerMessage[]): readonly (readonly LedgerMessage[])[] | null {
  const middle = Math.ceil(messages.length / 2);
  if (messages.length > 1) return [messages.slice(0, middle), messages.slice(middle)];
  const [message] = messages;
  if (message === undefined || isBare(message)) return null;
  return [[message.defect === "not-storable" ? bare(message) : { ...message, defect: "not-storable" }]];
}

const bare = ({ topicId, sequence }: LedgerMessage): LedgerMessage => ({
  ...{ topicId, sequence, consensusNs: consensusNs(0n), payer: null, message: new Uint8Array(0) },
  ...{ runningHash: null, runningHashVersion: null, chunk: null, defect: "not-storable" },
});

const isBare = ({ consensusNs, payer, message, runningHash, chunk, defect }: LedgerMessage): boolean =>
  defect === "not-storable" &&
  consensusNs === 0n &&
  payer === null &&
  message.length === 0 &&
  runningHash === null &&
  chunk === null;
