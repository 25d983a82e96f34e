/**
 * What commits tell the streams. Lossy by contract: an event carries positions, so who misses one sees the jump in the next
 * and reads the rows. Order is kept for one user within one publisher.
 */
import type { Position, UserId } from "../core/ids";

export interface UserEvent {
  readonly userId: UserId;
  /** The user's head after the commit. */
  readonly head: Position;
  /** How many rows the commit added; head - added + 1 is the first of them. */
  readonly added: number;
  /** Peers whose edge changed. */
  readonly peers: readonly UserId[];
}

export interface CommitEvent {
  readonly users: readonly UserEvent[];
  /** People whose profile changed: their contacts' views name them. */
  readonly profiles: readonly UserId[];
  readonly definitionsChanged: boolean;
}

export interface EventBus {
  publish(event: CommitEvent): Promise<void>;
  /** Returns the function that ends the subscription. Handlers do not throw. */
  subscribe(handler: (event: CommitEvent) => void): () => void;
}
