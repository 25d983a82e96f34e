/** Bindings of accounts to ids, and sign-outs. Each method is at most one statement. Rejects with TierUnavailable. */
import type { AccountId, SessionId, UserId } from "../../core/ledger/ids";

/** The id that an account signs in as. `boundMs`: epoch milliseconds. */
export interface Binding {
  readonly accountId: AccountId;
  readonly userId: UserId;
  readonly boundMs: number;
}

/** The end of sessions. */
export interface SignOut {
  /** All sessions of a user, or one session. */
  readonly subject: UserId | SessionId;
  /** Epoch milliseconds. The user's sessions that were issued until then are over; for a single session, when it ended. */
  readonly untilMs: number;
}

export interface AccountStore {
  /** The id that the account signs in as; null if nobody has bound it. */
  boundTo(accountId: AccountId): Promise<UserId | null>;
  /** An account has one id, and an id may have several accounts. The latest binding of an account counts. */
  bind(binding: Binding): Promise<void>;
  /** False if there was none. */
  unbind(accountId: AccountId): Promise<boolean>;
  /** In the order of the accounts. */
  bindings(): Promise<readonly Binding[]>;
  /** Keeps the later time if the subject signed out before. */
  signOut(signOut: SignOut): Promise<void>;
  /** Sign-outs later than `sinceMs`. */
  signOuts(sinceMs: number): Promise<readonly SignOut[]>;
}
