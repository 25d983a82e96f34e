/** What one atomic write to the store holds: log entries, and everything they mean. */
import type { ChunkInfo } from "../ledger/chunks";
import type { ConsensusNs } from "../ledger/consensus-time";
import type { AccountId, Sequence, TopicId, UserId } from "../ledger/ids";
import type { DefinitionClaim, Edge, Profile } from "./projection";
import type { Disposition, Verification } from "./signal";

/** One ledger message as the raw log keeps it. */
export interface LogEntry {
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  /** Null where the mirror does not tell who paid. */
  readonly payer: AccountId | null;
  readonly message: Uint8Array;
  /** The whole message, on the entry of the chunk that completed it; null elsewhere. */
  readonly body: Uint8Array | null;
  readonly runningHash: Uint8Array | null;
  readonly runningHashVersion: number | null;
  readonly verification: Verification;
  readonly disposition: Disposition;
  /** Why it is undecodable, untrusted, failed or unverifiable; null where nothing is to be said. */
  readonly reason: string | null;
  /** Without a key where the message is a part that adds nothing (core/ledger/chunks). */
  readonly chunk: ChunkInfo | null;
}

/** One (user, message). */
export interface UserRow {
  readonly userId: UserId;
  readonly consensusNs: ConsensusNs;
  readonly sequence: Sequence;
  readonly type: string;
  /** The other side; null where there is none. */
  readonly peerId: UserId | null;
  readonly isActor: boolean;
  readonly verification: Verification;
}

/** The facts that signals imply beyond their rows. */
export interface Facts {
  /** One for a (user, peer), merged. */
  readonly edges: readonly Edge[];
  /** One for a user, the latest. */
  readonly profiles: readonly Profile[];
  /** One for an id and actor. */
  readonly definitions: readonly DefinitionClaim[];
}

export interface Batch extends Facts {
  readonly topicId: TopicId;
  /** The cursor that the store must still have. */
  readonly expectedCursor: number;
  readonly nextCursor: number;
  /** The state at `nextCursor`: see TopicState. */
  readonly headHash: Uint8Array | null;
  readonly headNs: bigint;
  /** Null where this batch does not end at the mirror's head. */
  readonly syncedThroughNs: bigint | null;
  /** By rising sequence. */
  readonly entries: readonly LogEntry[];
  /** By rising sequence: the order in which they take their positions. */
  readonly rows: readonly UserRow[];
  /** A hole between `expectedCursor` and the first entry that this commit declares. */
  readonly gap: { readonly from: Sequence; readonly to: Sequence } | null;
}
