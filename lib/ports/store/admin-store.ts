/**
 * The operators' reads of the durable store, and the operator log. Each method is one SQL statement. Failures of the database
 * reject with `TierUnavailable`.
 */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { AccountId, Sequence, TopicId, UserId } from "../../core/ledger/ids";
import type { Gap } from "./sync/gap-store";
import type { TopicState } from "./sync/topic-store";

/** `refused`: nothing was done. */
type ActionState = "running" | "done" | "failed" | "refused";

/** One action of an operator, as it is stored. */
export interface OperatorLogRow {
  readonly id: number;
  readonly atMs: number;
  /** For a running action: its last sign of life. */
  readonly updatedMs: number;
  readonly actor: string;
  readonly action: string;
  /** A topic or a user; null for everything. */
  readonly target: string | null;
  readonly state: ActionState;
  readonly detail: Readonly<Record<string, unknown>> | null;
}

export interface NewAction {
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  /** Idempotency key; null means that every call is a new action. */
  readonly requestKey: string | null;
  readonly nowMs: number;
}

/** A topic with its open gaps, the oldest first. */
export interface TopicOverview extends TopicState {
  readonly gaps: readonly Gap[];
  /** The number of all open gaps. `gaps` holds the first of them. */
  readonly gapCount: number;
  /** The time of the `unpacked`-th message that packing has not looked at, or of the next one that is stored. Null: there is none. */
  readonly unpackedNs: bigint | null;
}

/** An overview with the time of the database's own clock when it was read, in milliseconds since 1970. */
export interface DatedOverview extends TopicOverview {
  readonly databaseMs: number;
}

/** A table, or one of its partitions, and what it takes on disk. */
export interface RelationSize {
  readonly name: string;
  /** The table of which it is a partition; null if it is not a partition. */
  readonly partitionOf: string | null;
  /** The server's estimate. A table without one is counted, a large one by a sample. */
  readonly rows: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
}

export interface StorageSizes {
  readonly databaseBytes: number;
  readonly relations: readonly RelationSize[];
}

/** A rejected or failed message: stored, and in no view. */
export interface RejectedEntry {
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  readonly disposition: "undecodable" | "untrusted" | "failed" | "unproven";
  readonly reason: string | null;
  /** Null if the mirror does not report who paid. */
  readonly payer: AccountId | null;
  /** The length of the whole message. */
  readonly bytes: number;
  /** The first bytes of the message. */
  readonly start: Uint8Array;
}

/** The people with messages in a topic. */
export interface TopicPeople {
  readonly users: number;
  /** Rows of the topic's people, and how many of them the ten busiest people have. */
  readonly rows: number;
  readonly hottestRows: number;
}

export interface AdminStore {
  /** Records that an action begins. `isNew` false: the same request was made before, and this is its entry. */
  begin(action: NewAction): Promise<{ readonly isNew: boolean; readonly entry: OperatorLogRow }>;
  /** Updates an entry, and returns it. After a failed or refused action the same request may be made again. */
  update(
    id: number,
    change: Pick<OperatorLogRow, "state" | "detail"> & { readonly nowMs: number },
  ): Promise<OperatorLogRow>;
  /** Newest first, older than `beforeId` (null: from the newest). */
  entries(beforeId: number | null, limit: number): Promise<readonly OperatorLogRow[]>;
  /** For each target, the newest entry of any of these actions that was not refused, older than `beforeId` if that is given. */
  latest(actions: readonly string[], beforeId?: number): Promise<readonly OperatorLogRow[]>;

  /** All topics, each with at most `gapLimit` of its open gaps, and the time of the `unpacked`-th message that is not packed yet. */
  topics(gapLimit: number, unpacked: number): Promise<readonly DatedOverview[]>;
  /** For each topic that has one, the first sequence whose message is stored but not verified. */
  firstUnverified(): Promise<ReadonlyMap<TopicId, Sequence>>;
  /** By topic. Reads every row, so it does not suit a store of many millions. */
  peopleByTopic(): Promise<ReadonlyMap<TopicId, TopicPeople>>;
  /** How many messages were dropped of each topic that has dropped any (sync/drop-store). */
  droppedMessages(): Promise<ReadonlyMap<TopicId, number>>;
  /** How many of a person's signals were dropped. Counts the person's rows, if messages of any topic were dropped. */
  droppedSignals(userId: UserId): Promise<number>;
  /** One statement, and one more where tables have no estimate. */
  sizes(): Promise<StorageSizes>;
  /** The newest `limit` of each kind, newest first, with `startBytes` bytes of each. */
  rejected(limit: number, startBytes: number): Promise<readonly RejectedEntry[]>;
}
