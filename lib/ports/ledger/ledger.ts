/**
 * The ledger as its mirror nodes tell it (docs/hedera.md §1). Reads only; every method is one request at most for each mirror tried.
 */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { AccountId, TopicId } from "../../core/ledger/ids";
import type { LedgerMessage } from "../../core/ledger/message";
import type { Result } from "../../core/result";

/** Why a mirror did not answer. Every one may be tried again, not before `retryAfterMs` where it said so. */
export interface LedgerError {
  readonly code: "rate-limited" | "unavailable" | "timeout" | "malformed" | "not-found" | "no-budget" | "circuit-open";
  /** One sentence, without addresses or bodies. */
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** What signs for an account. `many`: a key list, a threshold or a contract, which no one wallet can sign for alone. */
export type AccountKey =
  | { readonly kind: "ed25519" | "ecdsa-secp256k1"; readonly bytes: Uint8Array }
  | { readonly kind: "none" }
  | { readonly kind: "many" };

export interface LedgerAccount {
  readonly accountId: AccountId;
  readonly isDeleted: boolean;
  /** ED25519: 32 bytes. ECDSA: 33 bytes, compressed. */
  readonly key: AccountKey;
}

/** The name of a configured mirror for operators: its address without path or credentials. */
export type MirrorName = string & { readonly __brand: "MirrorName" };

/**
 * Which mirror a question goes to. `mirror`: that one and no other. `not`: another one than that, where there is another.
 * `attempt`: counts on over the configured ones (0 is the preferred one), so that it spreads repeated questions. With `not` and
 * `attempt` a mirror whose circuit is open is passed over.
 */
export interface Asking {
  readonly mirror?: MirrorName;
  readonly not?: MirrorName;
  readonly attempt?: number;
}

/** A mirror's head: the end of its latest block. */
export interface LedgerHead {
  readonly mirror: MirrorName;
  /** The consensus time through which the mirror has everything; null where none of its blocks has ended yet. */
  readonly throughNs: ConsensusNs | null;
}

export interface PageRequest extends Asking {
  readonly topicId: TopicId;
  /** Sequence numbers above this; 0 for the start. */
  readonly after: number;
  /** And not above this, where a range is asked for. */
  readonly upTo?: number;
  /** 1 to 100. */
  readonly limit: number;
}

export interface Ledger {
  /** The configured mirrors, the preferred one first. Never empty. */
  readonly mirrors: readonly MirrorName[];
  /** The mirror that `attempt` counts to, or the next one that may be asked now; null where none may. Asks nobody. */
  choose(attempt: number): MirrorName | null;
  /**
   * Messages in rising order, each sequence number once and within what was asked, as that mirror has them: holes are the
   * caller's to see. It may be shorter than `limit` though there is more. Empty for an unknown topic.
   */
  page(request: PageRequest, signal?: AbortSignal): Promise<Result<readonly LedgerMessage[], LedgerError>>;
  /** One message; `not-found` where that mirror has none. */
  message(topicId: TopicId, sequence: number, asking?: Asking): Promise<Result<LedgerMessage, LedgerError>>;
  /** An account and its key as they are now; `not-found` where there is none. */
  account(accountId: AccountId): Promise<Result<LedgerAccount, LedgerError>>;
  /** The end of the mirror's latest block. */
  head(asking?: Asking): Promise<Result<LedgerHead, LedgerError>>;
}
