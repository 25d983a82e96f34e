/**
 * What is kept about who may be whom: ids that accounts sign in as, and sign-outs. Every method is one statement at most.
 * Rejects with TierUnavailable.
 */
import type { AccountId, SessionId, UserId } from "../../core/ledger/ids";

export interface Binding {
  readonly accountId: AccountId;
  readonly userId: UserId;
  readonly boundMs: number;
}

export interface SignOut {
  /** All sessions of a user, or one session. */
  readonly subject: UserId | SessionId;
  /** Epoch milliseconds: the user's sessions that were issued until then are over; of one session, when it ended. */
  readonly untilMs: number;
}

export interface AccountStore {
  /** Whose id the account signs in as; null where nobody has bound it. */
  boundTo(accountId: AccountId): Promise<UserId | null>;
  /** An account has one id, an id may have several accounts; the latest binding of an account counts. */
  bind(binding: Binding): Promise<void>;
  /** False where there was none. */
  unbind(accountId: AccountId): Promise<boolean>;
  /** By account. */
  bindings(): Promise<readonly Binding[]>;
  /** Never takes an earlier sign-out's time back. */
  signOut(signOut: SignOut): Promise<void>;
  /** Those later than `sinceMs`. */
  signOuts(sinceMs: number): Promise<readonly SignOut[]>;
}
