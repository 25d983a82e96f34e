/**
 * Commits a run of messages, in ever smaller pieces where the store refuses it. What a mirror tells is checked where it enters,
 * so this should never be needed; but if it is, one message is kept as failed and the topic goes on, where it would otherwise
 * stand still for good.
 */
import { consensusNs } from "../../core/ledger/consensus-time";
import type { LedgerMessage } from "../../core/ledger/message";
import type { ChainHead } from "../../core/ledger/verify";
import type { Interval } from "../../core/sync/intervals";
import { BatchRefused } from "../../ports/store/batch-store";

/** Messages to commit after `chain`; `gap`: the hole before them that is declared with them. */
export interface Run {
  readonly chain: ChainHead;
  readonly messages: readonly LedgerMessage[];
  readonly gap: Interval | null;
}

export interface Committer {
  /** The number of verified messages, or null where another instance was first. */
  commit(run: Run): Promise<number | null>;
  /** Where the topic stands after the last commit; null where that is not known any more. */
  head(): ChainHead | null;
}

/** As `Committer.commit`; where that is refused, of its pieces one after the other. Throws what is no refusal. */
export async function inPieces(committer: Committer, run: Run): Promise<number | null> {
  try {
    return await committer.commit(run);
  } catch (cause) {
    const pieces = isRefusal(cause) ? smaller(run.messages) : null;
    if (pieces === null) throw cause;
    let verified = 0;
    for (const [i, messages] of pieces.entries()) {
      const chain = i === 0 ? run.chain : committer.head();
      const ofPiece = chain && (await inPieces(committer, { chain, messages, gap: i === 0 ? run.gap : null }));
      if (ofPiece === null) return null;
      verified += ofPiece;
    }
    return verified;
  }
}

/** The store cannot hold the batch, or our own code stumbled over it. Neither gets better by waiting. */
const isRefusal = (cause: unknown): boolean =>
  [BatchRefused, TypeError, RangeError].some((kind) => cause instanceof kind);

/** Two halves of a run; of one message first nothing but its bytes, then nothing but its place; null where that is all there is. */
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
