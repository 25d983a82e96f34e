/**
 * The readers' side of the durable store. Each method is one SQL statement, and a user's head comes from the same snapshot as
 * the rows, so a view and its position always agree. Failures of the database reject with `TierUnavailable`.
 */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { Sequence, TopicId, TopicKind, UserId } from "../../core/ledger/ids";
import type { Definition, Profile } from "../../core/signals/projection";
import type {
  Catalogue,
  CatalogueQuery,
  ContactRows,
  EdgeRows,
  EventPage,
  MissedPage,
  ProofRow,
  RecognitionRows,
  SignalPage,
  SignalQuery,
  WrittenRow,
} from "./view-rows";

export interface ViewStore {
  /** The user's head; 0 if the user has no row. */
  head(userId: UserId): Promise<number>;
  /** At most `limit` (core/bounds MAX_EDGES): bonded peers first, then the newest. */
  contacts(userId: UserId, limit?: number): Promise<ContactRows>;
  /** The edges with these peers, with their whole profiles. */
  peers(userId: UserId, peerIds: readonly UserId[]): Promise<EdgeRows<Profile>>;
  /** Newest first by consensus time. */
  signals(userId: UserId, query: SignalQuery): Promise<SignalPage>;
  /** Rows after a position, in position order: those that a stream has missed. */
  signalsAfter(userId: UserId, position: number, limit: number): Promise<MissedPage>;
  /** The user's own messages from `sinceNs` on, newest first, at most `limit`. */
  written(userId: UserId, sinceNs: ConsensusNs, limit: number): Promise<readonly WrittenRow[]>;
  /** Oldest first after `sinceNs`. `profile` includes the user's bonded contacts, `recognition` the definitions. */
  events(userId: UserId, kind: TopicKind, sinceNs: ConsensusNs, limit: number): Promise<EventPage>;
  recognition(userId: UserId, beforeNs: ConsensusNs | null, limit: number): Promise<RecognitionRows>;
  /** The definitions with these ids, and the newest one of each slug among these. */
  definitions(ids: readonly string[]): Promise<readonly Definition[]>;
  /** Trusted payers' definitions come first; then the first of each other payer, then the second, and so on. */
  catalogue(query: CatalogueQuery): Promise<Catalogue>;
  profiles(userIds: readonly UserId[]): Promise<readonly Profile[]>;
  /** Null unless the message, or the message of which it is a chunk, has a row of this user. */
  proof(userId: UserId, topicId: TopicId, sequence: Sequence): Promise<ProofRow | null>;
  /** All users who have an edge with one of these, so that their views may show the name. */
  peersOf(userIds: readonly UserId[]): Promise<readonly { readonly userId: UserId; readonly peerId: UserId }[]>;
  /** The heads of several users. Users without a row are left out. */
  heads(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, number>>;
}
