/**
 * The ledger as its mirror nodes report it (docs/hedera.md §1). Reads only. Each method sends at most one request to the mirror
 * that it tries, and `account` with a time at most two.
 */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { AccountId, TopicId } from "../../core/ledger/ids";
import type { EvmAddress } from "../../core/ledger/magic-token";
import type { LedgerMessage } from "../../core/ledger/message";
import type { Result } from "../../core/result";

/** Why a mirror did not answer. Every request may be tried again, after `retryAfterMs` if that is given. */
export interface LedgerError {
  readonly code: "rate-limited" | "unavailable" | "timeout" | "malformed" | "not-found" | "no-budget" | "circuit-open";
  /** One sentence, without addresses or bodies. */
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** The key of an account. `many`: a key list, a threshold or a contract, for which one wallet cannot sign alone. */
export type AccountKey =
  | { readonly kind: "ed25519" | "ecdsa-secp256k1"; readonly bytes: Uint8Array }
  | { readonly kind: "none" }
  | { readonly kind: "many" };

/** An account as a mirror reports it. */
export interface LedgerAccount {
  readonly accountId: AccountId;
  /** In lower case; null if the mirror names none. */
  readonly evmAddress: EvmAddress | null;
  readonly isDeleted: boolean;
  /** ED25519: 32 bytes. ECDSA: 33 bytes, compressed. */
  readonly key: AccountKey;
}

/** The name of a configured mirror for operators: its address without path or credentials. */
export type MirrorName = string & { readonly __brand: "MirrorName" };

/**
 * The mirror that a request goes to. `mirror`: only this one. `not`: another one than this, if there is another. `attempt`: a
 * number that counts through the configured mirrors (0 is the preferred one), to spread repeated requests. With `not` and
 * `attempt` a mirror whose circuit breaker is open is skipped.
 */
export interface MirrorChoice {
  readonly mirror?: MirrorName;
  readonly not?: MirrorName;
  readonly attempt?: number;
}

/** A mirror's head: the end of its latest block. */
export interface LedgerHead {
  readonly mirror: MirrorName;
  /** The consensus time through which the mirror has everything; null if none of its blocks has ended yet. */
  readonly throughNs: ConsensusNs | null;
}

/** The messages of a topic that one request asks for. */
export interface PageRequest extends MirrorChoice {
  readonly topicId: TopicId;
  /** Sequence numbers above this; 0 for the start. */
  readonly after: number;
  /** Sequence numbers up to this one, if a range is asked for. */
  readonly upTo?: number;
  /** 1 to 100. */
  readonly limit: number;
}

/** Asks the configured mirrors. */
export interface Ledger {
  /** The configured mirrors, the preferred one first. Never empty. */
  readonly mirrors: readonly MirrorName[];
  /** The mirror at `attempt`, or the next one that may be asked now; null if none may. Sends nothing. */
  choose(attempt: number): MirrorName | null;
  /**
   * Messages in rising order, each sequence number once and within the requested range, as the mirror has them. The caller looks
   * for holes. A page may be shorter than `limit` even if there is more. Empty for an unknown topic.
   */
  page(request: PageRequest, signal?: AbortSignal): Promise<Result<readonly LedgerMessage[], LedgerError>>;
  /** One message; `not-found` if the mirror does not have it. */
  message(topicId: TopicId, sequence: number, choice?: MirrorChoice): Promise<Result<LedgerMessage, LedgerError>>;
  /**
   * An account and its key as they are now, or as they were at `atNs`; `not-found` if there is or was none; `malformed` from a mirror
   * that answers with the account of another time.
   */
  account(accountId: AccountId, atNs?: ConsensusNs, choice?: MirrorChoice): Promise<Result<LedgerAccount, LedgerError>>;
  /** The account that was made from this Ethereum address, as it is now; `not-found` if there is none. */
  accountAt(address: EvmAddress): Promise<Result<LedgerAccount, LedgerError>>;
  /** The end of the mirror's latest block. */
  head(choice?: MirrorChoice): Promise<Result<LedgerHead, LedgerError>>;
}
