/** Log entries and everything that they mean: the content of one write to the store. */
import type { ChunkInfo } from "../ledger/chunks";
import type { ConsensusNs } from "../ledger/consensus-time";
import type { AccountId, Position, Sequence, TopicId, UserId } from "../ledger/ids";
import type { ChainHead } from "../ledger/verify";
import type { DefinitionClaim, Edge, Profile } from "./projection";
import type { Author, Disposition, SignatureState, Verification } from "./signal";

/** One ledger message as the raw log keeps it. */
export interface LogEntry {
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  /** Null if the mirror does not report the payer. */
  readonly payer: AccountId | null;
  readonly message: Uint8Array;
  /** The whole message, on the entry of the chunk that completed it; null elsewhere. */
  readonly body: Uint8Array | null;
  readonly runningHash: Uint8Array | null;
  readonly runningHashVersion: number | null;
  readonly verification: Verification;
  readonly disposition: Disposition;
  /** Why it is undecodable, untrusted, failed or unverifiable; null if there is nothing to say. */
  readonly reason: string | null;
  /** The key is empty if the message is a part that adds nothing (core/ledger/chunks). */
  readonly chunk: ChunkInfo | null;
  /** The mirror's `chunk_info` as JSON (LedgerMessage). Absent if it is not known, as in rows of earlier versions. */
  readonly chunkInfo?: string | null;
  /** Null or absent: the message carries no signature that could be checked. */
  readonly signature?: SignatureState | null;
}

/** One row for each person whom a message concerns. The store adds the position. */
export interface UserRow {
  readonly userId: UserId;
  /** The signal's time (core/signals/signal-batch). */
  readonly consensusNs: ConsensusNs;
  readonly sequence: Sequence;
  /** The signal's place in its message, from 0. Absent: the first, and mostly the only one. */
  readonly place?: number;
  readonly type: string;
  /** The person on the other side; null if there is nobody. */
  readonly peerId: UserId | null;
  readonly isActor: boolean;
  readonly verification: Verification;
  /** Absent: the payer. */
  readonly author?: Author;
}

/** The member of a row, or of an answer, that tells a signal's place in its message; none for the first. */
export const placeMember = (place: number | undefined): Pick<UserRow, "place"> => (place ? { place } : {});

/** A user row as the store returns it to that user. */
export interface StoredRow extends Omit<UserRow, "userId"> {
  readonly topicId: TopicId;
  readonly position: Position;
}

/** The facts that signals imply beyond their rows. */
export interface Facts {
  /** One for each user and peer, merged. */
  readonly edges: readonly Edge[];
  /** One for each user, the latest. */
  readonly profiles: readonly Profile[];
  /** One for each id and actor. */
  readonly definitions: readonly DefinitionClaim[];
}

/** The meaning of a run of messages. One write to the store holds all of it or nothing. */
export interface Batch extends Facts {
  readonly topicId: TopicId;
  /** By rising sequence. */
  readonly entries: readonly LogEntry[];
  /** By rising sequence: the order in which they take their positions. */
  readonly rows: readonly UserRow[];
}

/** How a commit moves its topic on. */
export interface CursorAdvance {
  /** The cursor that the store must still have. */
  readonly from: number;
  /** The chain at the new cursor. */
  readonly to: ChainHead;
  /** A hole between `from` and the first entry, which the commit declares a gap. */
  readonly gap: { readonly from: Sequence; readonly to: Sequence } | null;
}

/** A batch at the topic's cursor. Other batches mend rows behind the cursor. */
export interface NextBatch extends Batch {
  readonly advance: CursorAdvance;
}
