/**
 * Events between instances. A publication tells the listeners of this process first, then all other instances with one command.
 * Events of one publisher about one user arrive in order.
 *
 * An event may get lost. Commits therefore carry positions: an instance that misses one sees the jump in the next and reads the
 * rows. An instance that knows that it missed events hears `onMissed`.
 */
import type { Position, TopicId, UserId } from "../../core/ledger/ids";
import type { SignOut } from "../store/account-store";
import type { StoreStamp } from "../store/store-stamp";

interface UserChange {
  readonly userId: UserId;
  /** The user's head after the commit. */
  readonly head: Position;
  /** How many rows the commit added. The first of them has position head - added + 1. */
  readonly added: number;
  /** Peers whose edge changed. */
  readonly peers: readonly UserId[];
}

/** Where a topic's cursor is now. */
export interface CursorMove {
  /** The cursor before the commit; null if the publisher runs a release that does not report it. */
  readonly from: number | null;
  readonly to: number;
}

/** A commit, and whom it concerns. */
export interface CommitEvent {
  readonly type: "commit";
  readonly topicId: TopicId;
  /** Null for messages behind the cursor. */
  readonly cursor: CursorMove | null;
  readonly users: readonly UserChange[];
  /**
   * Users whose views show a profile that changed, though none of their own rows did. `peers`: those profiles. Only their views
   * that show names are outdated.
   */
  readonly renamed: readonly { readonly userId: UserId; readonly peers: readonly UserId[] }[];
  readonly definitionsChanged: boolean;
}

/** An event that one instance sends to all others. */
export type BusEvent =
  | CommitEvent
  /** A topic was paused or resumed. */
  | { readonly type: "topic-changed"; readonly topicId: TopicId }
  /** Views of these users must be loaded again, though no row of theirs changed. */
  | { readonly type: "views-invalidated"; readonly userIds: readonly UserId[] }
  | ({ readonly type: "sign-out" } & SignOut)
  /** The shard registry has this version. */
  | { readonly type: "registry-changed"; readonly version: number };

/**
 * Why everything that a process keeps in memory may be outdated. `lost`: events may have been lost. `epoch`: positions began again,
 * as when a topic starts over. `told`: another instance told all instances. The others are what this instance told them: an
 * operator invalidated all views (`invalidated`) or resynced a topic (`resynced`), or commits had not been published
 * (`unpublished`).
 */
export type MissedReason = "lost" | "epoch" | "told" | TellReason;
export type TellReason = "invalidated" | "resynced" | "unpublished";

/** Listeners do not throw. */
export interface EventListener {
  onEvent?(event: BusEvent): void;
  /** Whatever this process keeps may be outdated. */
  onMissed?(reason: MissedReason): void;
  /** Redis has lost events that it had published. `onMissed` is called as well. */
  onWentBack?(): void;
  /** Another instance knows a later epoch of positions. */
  onEpoch?(epoch: number): void;
}

export interface EventBus {
  /**
   * Tells this process, then every other instance. The same command expires the shared views of the users that the event names.
   * Rejects with TierUnavailable if the other instances could not be told; the listeners of this process always are.
   */
  publish(event: BusEvent): Promise<void>;
  /**
   * Tells every instance, this one first, that whatever it keeps may be outdated, and expires all shared views. With `through`, the
   * commits of a topic up to a cursor count as published from then on. Rejects as `publish` does.
   */
  publishMissed(
    through: { readonly topicId: TopicId; readonly cursor: number } | null,
    reason?: TellReason,
  ): Promise<void>;
  /**
   * The cursor of the last commit of a topic that was published; null if nothing is shared. A stored cursor above it belongs to a
   * commit whose publisher died before it published.
   */
  lastPublished(topicId: TopicId): Promise<number | null>;
  /**
   * Positions belong to this epoch from now on: shared views of earlier epochs expire, and every instance hears `onMissed`. Does
   * not reject: if the others cannot be told now, the next command tells them.
   */
  newEpoch(epoch: number): Promise<void>;
  /** From now on events tell the other instances how far the store has come, and the bus learns it from theirs. */
  follow(stamp: StoreStamp): void;
  /** Returns the function that ends the subscription. */
  subscribe(listener: EventListener): () => void;
  close(): Promise<void>;
}
