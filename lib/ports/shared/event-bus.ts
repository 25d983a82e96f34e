/**
 * What commits tell caches and streams, on every instance, and that somebody has signed out of all of them. Lossy by contract: an event carries positions, so who misses one
 * sees the jump in the next and reads the rows; who knows to have missed some is told so. Order is kept for one user within
 * one publisher. Publishing is one command; a shared bus also expires the users' views in the shared tier with it.
 */
import type { Position, TopicId, UserId } from "../../core/ledger/ids";
import type { SignOut } from "../store/account-store";
import type { StoreStamp } from "../store/store-stamp";

interface UserEvent {
  readonly userId: UserId;
  /** The user's head after the commit. */
  readonly head: Position;
  /** How many rows the commit added; head - added + 1 is the first of them. */
  readonly added: number;
  /** Peers whose edge changed. */
  readonly peers: readonly UserId[];
}

export interface CommitEvent {
  readonly topicId: TopicId;
  /**
   * Where the topic stands after the commit; 0 for a commit behind the cursor. With 0 and nobody in `users` and `renamed`
   * something else about the topic has changed: it was paused or resumed.
   */
  readonly cursor: number;
  readonly users: readonly UserEvent[];
  /** Who shows people whose profile changed, without having moved themselves. */
  readonly renamed: readonly { readonly userId: UserId; readonly peers: readonly UserId[] }[];
  readonly definitionsChanged: boolean;
}

export interface EventListener {
  onCommit(event: CommitEvent): void;
  onSignOut?(event: SignOut): void;
  /** Events may have been lost, as after a broken connection: everything kept is in doubt. */
  onMissed(): void;
  /** The shared tier has lost what it had told; `onMissed` is called as well. */
  onWentBack?(): void;
  /** Another instance has told of a later epoch of positions. */
  onEpoch?(epoch: number): void;
}

export interface EventBus {
  /** Rejects with TierUnavailable where the other instances could not be told; this process's listeners always are. */
  publish(event: CommitEvent): Promise<void>;
  /**
   * Tells every instance, this one first, that commits of a topic up to `cursor` may have gone untold. What they share is
   * expired with it. Rejects as `publish` does.
   */
  tellMissed(topicId: TopicId, cursor: number): Promise<void>;
  /** Tells the others with each event how far the store has come, and learns of it from them. */
  follow(stamp: StoreStamp): void;
  /**
   * Positions are of this epoch from now on: what was shared of an earlier one is expired, and all are told that something was
   * missed, this process first. Does not reject: where the others cannot be told now, the next command tells them.
   */
  newEpoch(epoch: number): Promise<void>;
  /** The same for a sign-out: listeners of this process first, then all others, with one command. */
  publishSignOut(event: SignOut): Promise<void>;
  /** Returns the function that ends the subscription. Listeners do not throw. */
  subscribe(listener: EventListener): () => void;
  /**
   * The cursor of the last commit of a topic that was published; null where nothing is shared. A cursor in the store above it
   * belongs to a commit whose publisher died before it could tell.
   */
  lastPublished(topicId: TopicId): Promise<number | null>;
  close(): Promise<void>;
}
