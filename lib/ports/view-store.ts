/**
 * What readers ask of the durable store. Each method is one SQL statement, and a user's head comes from the same snapshot
 * as the rows, so a view and its position always agree. Failures of the database throw `StoreUnavailable`.
 */
import type { ConsensusNs } from "../core/consensus-time";
import type { AccountId, Position, Sequence, TopicId, TopicKind, UserId } from "../core/ids";
import type { Definition, Edge, Profile } from "../core/projection";
import type { Verification } from "../core/signal";

/** Edges of a user, with the profile of each peer where one is known. `position` 0: no row of this user yet. */
export interface ContactRows {
  readonly position: number;
  readonly edges: readonly (Edge & { readonly profile: Profile | null })[];
}

/** A user's row with the bytes of its message (whole, where it came in chunks). */
export interface SignalRow {
  readonly position: Position;
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  readonly type: string;
  readonly peerId: UserId | null;
  readonly isActor: boolean;
  readonly verification: Verification;
  readonly body: Uint8Array;
}

export interface SignalQuery {
  /** Empty: all. */
  readonly types: readonly string[];
  /** Rows strictly before this consensus time; null: from the newest. */
  readonly beforeNs: ConsensusNs | null;
  readonly limit: number;
  /** Of a user's rows only this many, the last to come, are served. */
  readonly maxRows: number;
}

export interface SignalPage {
  readonly position: number;
  readonly rows: readonly SignalRow[];
}

/** Any message as `/api/hcs/events` hands it out. */
export interface EventRow {
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  readonly body: Uint8Array;
}

export interface RecognitionRows {
  readonly position: number;
  readonly definitions: readonly Definition[];
  /** Mints whose target is the user, newest first. */
  readonly instances: readonly SignalRow[];
}

export interface ProofRow {
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  readonly payer: AccountId;
  readonly message: Uint8Array;
  readonly runningHash: Uint8Array | null;
  readonly runningHashVersion: number | null;
  readonly verification: Verification;
  readonly reason: string | null;
  /** Claimed at sequence - 1; null where unknown. For sequence 1 it is GENESIS_HASH. */
  readonly previousRunningHash: Uint8Array | null;
}

export interface ViewStore {
  /** The user's head; 0 where the user has no row. */
  head(userId: UserId): Promise<number>;
  contacts(userId: UserId): Promise<ContactRows>;
  /** Newest first by consensus time. */
  signals(userId: UserId, query: SignalQuery): Promise<SignalPage>;
  /** Rows after a position, in position order: what a stream has missed. */
  signalsAfter(userId: UserId, position: number, limit: number): Promise<SignalPage>;
  /** Oldest first after `sinceNs`. `profile` includes the user's bonded contacts, `recognition` the definitions. */
  events(userId: UserId, kind: TopicKind, sinceNs: ConsensusNs, limit: number): Promise<readonly EventRow[]>;
  recognition(userId: UserId, limit: number): Promise<RecognitionRows>;
  profiles(userIds: readonly UserId[]): Promise<readonly Profile[]>;
  /** Null unless the message (or the message that it is a chunk of) has a row of this user. */
  proof(userId: UserId, topicId: TopicId, sequence: Sequence): Promise<ProofRow | null>;
  /** Everybody who has an edge with one of these, and so may show their name. */
  peersOf(userIds: readonly UserId[]): Promise<readonly { readonly userId: UserId; readonly peerId: UserId }[]>;
  /** The heads of several users; who has no row is left out. */
  heads(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, number>>;
}
