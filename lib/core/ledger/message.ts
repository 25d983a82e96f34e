/** A message as the ledger has it: the first of the stages ledger message → checked message → decoded message → rows → signal. */
import type { ChunkInfo } from "./chunks";
import type { ConsensusNs } from "./consensus-time";
import type { AccountId, Sequence, TopicId } from "./ids";

/**
 * Why a message cannot be taken as the mirror reports it: a time, bytes, hash or version that is invalid or that no row can
 * hold, a message of another topic, or a row that the database refused.
 */
const DEFECTS = [
  ...["bad-time", "bad-bytes", "bad-hash", "bad-version", "not-a-message", "not-storable"],
  /** Its time is later than the ledger's own can be. */
  "ahead-of-ledger",
] as const;
export type Defect = (typeof DEFECTS)[number];

/** A stored message's defect, by the reason that was stored with it. */
export const defectIn = (reason: string | null): Defect | null => DEFECTS.find((defect) => defect === reason) ?? null;

/** One message, or one chunk of a longer one, with its place in the topic. */
export interface LedgerMessage {
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  /** 0 if the mirror reports no time that could be stored. The message has a defect then. */
  readonly consensusNs: ConsensusNs;
  /** Null if the mirror does not report the payer. */
  readonly payer: AccountId | null;
  /** This chunk's own bytes. */
  readonly message: Uint8Array;
  readonly runningHash: Uint8Array | null;
  readonly runningHashVersion: number | null;
  /** Null for a message of one piece. */
  readonly chunk: ChunkInfo | null;
  /** The mirror's `chunk_info`, unchanged, as JSON. Null: the mirror gave none. Absent: not known. */
  readonly chunkInfo?: string | null;
  /** A message with a defect fails verification. Absent or null for most. */
  readonly defect?: Defect | null;
}
