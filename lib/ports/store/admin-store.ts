/**
 * What operators ask of the durable store, and what is kept of what they do. Each method is one SQL statement. Failures of the
 * database throw `TierUnavailable`.
 */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { AccountId, Sequence, TopicId } from "../../core/ledger/ids";
import type { Gap } from "./gap-store";
import type { TopicState } from "./topic-store";

/** `refused`: nothing was done. */
type ActionState = "running" | "done" | "failed" | "refused";

export interface AdminEntry {
  readonly id: number;
  readonly atMs: number;
  /** Of a running action: its last sign of life. */
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
  /** Of no other request; null: each call is an action of its own. */
  readonly requestKey: string | null;
  readonly nowMs: number;
}

/** A topic with its open gaps, the oldest first. */
export interface TopicOverview extends TopicState {
  readonly gaps: readonly Gap[];
  /** Of all open ones: `gaps` holds the first of them. */
  readonly gapCount: number;
}

export interface RelationSize {
  readonly name: string;
  /** The table that it is a partition of; null where it is none. */
  readonly partitionOf: string | null;
  /** As the server estimates it. */
  readonly rows: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
}

export interface StorageSizes {
  readonly databaseBytes: number;
  readonly relations: readonly RelationSize[];
}

/** A message that is in no view. */
export interface RejectedEntry {
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  readonly disposition: "undecodable" | "untrusted" | "failed";
  readonly reason: string | null;
  /** Null where the mirror does not tell who paid. */
  readonly payer: AccountId | null;
  /** How long it is in all. */
  readonly bytes: number;
  /** Its first bytes. */
  readonly start: Uint8Array;
}

/** Who has messages in a topic. */
export interface Crowd {
  readonly users: number;
  /** Of the rows of its people, and how many of them the ten busiest have. */
  readonly rows: number;
  readonly hottestRows: number;
}

export interface AdminStore {
  /** Records that an action begins. `isNew` false: the same request was made before, and the entry is that one's as it stands. */
  begin(action: NewAction): Promise<{ readonly isNew: boolean; readonly entry: AdminEntry }>;
  /** Brings an entry up to date; the entry as it is now. One that failed or was refused gives its request free to be made again. */
  update(id: number, change: Pick<AdminEntry, "state" | "detail"> & { readonly nowMs: number }): Promise<AdminEntry>;
  /** Newest first, older than `beforeId` (null: from the newest). */
  entries(beforeId: number | null, limit: number): Promise<readonly AdminEntry[]>;
  /** Of each target the newest entry of any of these actions that was not refused, older than `beforeId` where one is given. */
  latest(actions: readonly string[], beforeId?: number): Promise<readonly AdminEntry[]>;

  /** All topics, each with at most `gapLimit` of its open gaps. */
  topics(gapLimit: number): Promise<readonly TopicOverview[]>;
  /** Of each topic that has one, the first sequence whose message is stored but not verified. */
  firstUnverified(): Promise<ReadonlyMap<TopicId, Sequence>>;
  /** By topic. Looks at every row: not for a store of many millions. */
  crowds(): Promise<ReadonlyMap<TopicId, Crowd>>;
  sizes(): Promise<StorageSizes>;
  /** The newest `limit` of each kind, newest first, with `startBytes` bytes of each. */
  odd(limit: number, startBytes: number): Promise<readonly RejectedEntry[]>;
}
