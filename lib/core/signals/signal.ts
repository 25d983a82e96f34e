/** A decoded body, and the words for what became of a message. */
import type { AccountId, UserId } from "../ledger/ids";

/** How a message stands to the ledger's hash chain (docs/hedera.md §4). */
export type Verification = "verified" | "unverifiable" | "failed";

/** The outcome of a message in the log. */
export type Disposition = "signal" | "part" | "undecodable" | "untrusted" | "failed" | "unproven";

/**
 * The result of checking a signature with the account's key. `unprovable`: the account has no single key of its own, so the signature
 * says nothing. `open`: the key is not known yet.
 */
export type SignatureVerdict = "right" | "wrong" | "unprovable" | "open";

/** A verdict as it is stored. A right signature is `both` if the payer may write for the actor too, and `alone` if not. */
export type SignatureState = Exclude<SignatureVerdict, "right"> | "alone" | "both";

/** The evidence that a message is its actor's: the account that paid for it, the actor's signature, or both. */
export type Author = "payer" | "signature" | "both";

/** Why bytes are not a signal. Each reason is counted by this name. */
export const UNDECODABLE_REASONS = [
  "not-utf8",
  "not-json",
  "not-an-object",
  "too-deep",
  "unknown-type",
  "bad-type",
  "no-actor",
  "no-target",
  "self-target",
  "bad-id",
  "bad-weight",
  "no-definition",
  "bad-chunk",
  "bad-batch",
] as const;
export type UndecodableReason = (typeof UNDECODABLE_REASONS)[number];

/** The names of one side of a message. */
export interface Party {
  readonly handle: string | null;
  readonly hrl: string | null;
}

/** A definition in a message: its id, and the object with its texts. */
export interface DefinitionStatement {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A DID and an account. The newest by `issuedMs` counts; only trusted payers write them. */
export interface Identity {
  /** In lower case. */
  readonly sub: string;
  /** Null if the message ends the binding. */
  readonly accountId: AccountId | null;
  /** Null if the message does not say when it was issued. */
  readonly issuedMs: number | null;
}

/** The meaning of a message's body, without its place on the ledger. */
export interface DecodedBody {
  /** In capitals; synonyms are folded. */
  readonly type: string;
  /** Null if nobody is named, which few types allow (core/signals/message-types). */
  readonly actor: UserId | null;
  readonly target: UserId | null;
  /** Set by TRUST_ALLOCATE: above 0, 1 if absent. */
  readonly weight?: number;
  /** Set by recognition definitions, which may be several (their first), and by mints. */
  readonly definitionId?: string;
  /** Set by recognition definitions: one at least. */
  readonly definitions?: readonly DefinitionStatement[];
  /** Set by identity messages. */
  readonly identity?: Identity;
  /** The payload of an envelope, or the whole of a flat message. Shown, never interpreted. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly actorParty: Party;
  readonly targetParty: Party;
}
