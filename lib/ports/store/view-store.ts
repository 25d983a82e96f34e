/**
 * What readers ask of the durable store. Each method is one SQL statement, and a user's head comes from the same snapshot
 * as the rows, so a view and its position always agree. Failures of the database throw `TierUnavailable`.
 */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { AccountId, Position, Sequence, TopicId, TopicKind, UserId } from "../../core/ledger/ids";
import type { TrustedPayers } from "../../core/signals/interpret";
import type { Definition, Edge, Profile } from "../../core/signals/projection";
import type { Verification } from "../../core/signals/signal";
import type { ProfileName } from "../../core/signals/views";

/** Edges of a user, with what is known of each peer's profile. `position` 0: no row of this user yet. */
export interface EdgeRows<P> {
  readonly position: number;
  readonly edges: readonly (Edge & { readonly profile: P | null })[];
}
export type ContactRows = EdgeRows<ProfileName>;

/** A user's row with the bytes of its message (whole, where it came in chunks); null where it is longer than what views show. */
export interface SignalRow {
  readonly position: Position;
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  readonly type: string;
  readonly peerId: UserId | null;
  readonly isActor: boolean;
  readonly verification: Verification;
  readonly body: Uint8Array | null;
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

/**
 * A page ends at its limit of rows, or earlier where their messages are long (core/bounds). Rows that cannot be read are left out
 * of `rows`; where the page goes on counts them too.
 */
export interface SignalPage {
  readonly position: number;
  readonly rows: readonly SignalRow[];
  /** The next page's `beforeNs`; null: there is none. */
  readonly nextBeforeNs: ConsensusNs | null;
}

export interface MissedPage {
  readonly position: number;
  readonly rows: readonly SignalRow[];
  /** Everything up to this position was looked at. */
  readonly through: number;
}

/** Any message as `/api/hcs/events` hands it out; `body` null: longer than what views show. */
export interface EventRow {
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  readonly body: Uint8Array | null;
}

/** A message that a user wrote, with who paid for it. */
export interface WrittenRow extends EventRow {
  readonly payer: AccountId;
  /** Whole, where it came in chunks. */
  readonly body: Uint8Array;
}

export interface EventPage {
  readonly rows: readonly EventRow[];
  /** Everything up to this time was looked at; null: nothing is there. */
  readonly throughNs: ConsensusNs | null;
}

export interface RecognitionRows extends SignalPage {
  /** The newest that the user has made. `rows`: mints whose target is the user, newest first. */
  readonly own: readonly Definition[];
}

export interface CatalogueQuery {
  readonly trustedPayers: TrustedPayers;
  readonly limit: number;
  /** The limit for a payer who is not trusted. */
  readonly limitOfStranger: number;
}

/** Definitions for everybody, those that come first in `offered` being the first that are offered. */
export interface Catalogue {
  readonly offered: readonly Definition[];
  /** There are more. */
  readonly isCut: boolean;
}

export interface ProofRow {
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  /** Null where the mirror does not tell who paid. */
  readonly payer: AccountId | null;
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
  /** At most `limit` (core/bounds MAX_EDGES): bonded peers first, then the newest. */
  contacts(userId: UserId, limit?: number): Promise<ContactRows>;
  /** The edges with these peers, with their whole profiles. */
  peers(userId: UserId, peerIds: readonly UserId[]): Promise<EdgeRows<Profile>>;
  /** Newest first by consensus time. */
  signals(userId: UserId, query: SignalQuery): Promise<SignalPage>;
  /** Rows after a position, in position order: what a stream has missed. */
  signalsAfter(userId: UserId, position: number, limit: number): Promise<MissedPage>;
  /** Oldest first after `sinceNs`. `profile` includes the user's bonded contacts, `recognition` the definitions. */
  /** The user's own messages from `sinceNs` on, newest first, at most `limit`. */
  written(userId: UserId, sinceNs: ConsensusNs, limit: number): Promise<readonly WrittenRow[]>;
  events(userId: UserId, kind: TopicKind, sinceNs: ConsensusNs, limit: number): Promise<EventPage>;
  recognition(userId: UserId, beforeNs: ConsensusNs | null, limit: number): Promise<RecognitionRows>;
  /** The definitions of these ids, and of each slug that is one of these the newest. */
  definitions(ids: readonly string[]): Promise<readonly Definition[]>;
  /** Trusted payers' first; then the first of everybody before the second of anybody. */
  catalogue(query: CatalogueQuery): Promise<Catalogue>;
  profiles(userIds: readonly UserId[]): Promise<readonly Profile[]>;
  /** Null unless the message (or the message that it is a chunk of) has a row of this user. */
  proof(userId: UserId, topicId: TopicId, sequence: Sequence): Promise<ProofRow | null>;
  /** Everybody who has an edge with one of these, and so may show their name. */
  peersOf(userIds: readonly UserId[]): Promise<readonly { readonly userId: UserId; readonly peerId: UserId }[]>;
  /** The heads of several users; who has no row is left out. */
  heads(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, number>>;
}
