/**
 * Reading stored messages again, after the decoder has changed. Each step compares and swaps the topic's `interpreted`, so any
 * instance goes on where another has stopped. Failures of the database reject with `TierUnavailable`.
 */
import type { ConsensusNs } from "../../../core/ledger/consensus-time";
import type { Sequence, TopicId } from "../../../core/ledger/ids";
import type { Batch, UserRow } from "../../../core/signals/batch";
import type { EdgeTime } from "../../../core/signals/outdated";
import type { DefinitionClaim, Edge, Profile } from "../../../core/signals/projection";
import type { CommitOutcome } from "./batch-store";

/** A message, and the texts in it that may be somebody's id. */
export interface Worded {
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  readonly words: readonly string[];
}

/** The row as it is stored, and where. */
export interface RowFound {
  readonly row: UserRow;
  readonly userNo: number;
  /** The row's own time, which may be some nanoseconds later than its message's. */
  readonly rowNs: bigint;
}

export interface EdgeFound {
  readonly edge: Edge;
  readonly userNo: number;
  readonly peerNo: number;
}

export interface ProfileFound {
  readonly profile: Profile;
  readonly userNo: number;
}

/** The stored facts that must go before the new meaning of a range can be merged in. */
export interface Outdated {
  readonly rows: readonly RowFound[];
  /** The registers of edges that hold what no message says any more. */
  readonly registers: readonly { readonly edge: EdgeFound; readonly names: readonly EdgeTime[] }[];
  readonly profiles: readonly ProfileFound[];
  readonly claims: readonly Pick<DefinitionClaim, "definitionId" | "actor">[];
  /** Earlier messages may say what these said before, so all topics are read once more afterwards. */
  readonly isAgain: boolean;
}

export interface RereadStep {
  readonly topicId: TopicId;
  /** The topic's `interpreted`, which the store must still have. */
  readonly from: number;
}

export interface RereadStore {
  /** The stored rows of these messages, for the people whom their texts may name. */
  rowsOf(topicId: TopicId, messages: readonly Worded[]): Promise<readonly RowFound[]>;
  /** The stored edges of these pairs; pairs without one are left out. */
  edgesBetween(pairs: readonly (readonly [user: string, peer: string])[]): Promise<readonly EdgeFound[]>;
  /** The stored profiles of these users; users without one are left out. */
  profilesFound(users: readonly string[]): Promise<readonly ProfileFound[]>;
  /** All claims to these ids. */
  claimsOn(ids: readonly string[]): Promise<readonly DefinitionClaim[]>;
  /**
   * Removes outdated facts. Does nothing if the topic was read further meanwhile. If rows are removed, the people's other rows get new
   * numbers, and a new epoch begins.
   */
  remove(step: RereadStep, outdated: Outdated): Promise<void>;
  /** Writes what a range means now, and moves `interpreted` on. `conflict` if it was read further meanwhile. */
  reread(step: RereadStep & { readonly through: number }, batch: Batch): Promise<CommitOutcome>;
  /** Ends the reading of a topic whose log is read through its cursor. */
  endReread(topicId: TopicId): Promise<void>;
}
