/** Queries to the view store, and the rows that it answers with. */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { AccountId, Sequence, TopicId } from "../../core/ledger/ids";
import type { StoredRow } from "../../core/signals/batch";
import type { TrustedPayers } from "../../core/signals/interpret";
import type { Definition, Edge } from "../../core/signals/projection";
import type { SignatureState, Verification } from "../../core/signals/signal";
import type { ProfileName } from "../../core/signals/views";

/** Edges of a user, with what is known of each peer's profile. `position` 0: the user has no row yet. */
export interface EdgeRows<P> {
  readonly position: number;
  readonly edges: readonly (Edge & { readonly profile: P | null })[];
}
export type ContactRows = EdgeRows<ProfileName>;

/** A user's row with the bytes of its signal. `body` null: it is longer than what views show. */
export interface SignalRow extends StoredRow {
  readonly body: Uint8Array | null;
}

export interface SignalQuery {
  /** Empty for all types. */
  readonly types: readonly string[];
  /** Rows strictly before this consensus time; null: from the newest. */
  readonly beforeNs: ConsensusNs | null;
  readonly limit: number;
  /** Only this many of a user's rows are served: the latest. */
  readonly maxRows: number;
}

interface DropNote {
  /** Rows through this time belonged here, and were dropped with their messages (sync/drop-store); null: none were. */
  readonly droppedNs: ConsensusNs | null;
}

/**
 * A page ends at its limit of rows, or earlier if their messages are long (core/bounds). Rows that cannot be read are left out
 * of `rows`, but the next page begins after them.
 */
export interface SignalPage extends DropNote {
  readonly position: number;
  readonly rows: readonly SignalRow[];
  /** The next page's `beforeNs`; null: there is none. `droppedNs` of such a page tells of all older rows. */
  readonly nextBeforeNs: ConsensusNs | null;
}

export interface MissedPage {
  readonly position: number;
  readonly rows: readonly SignalRow[];
  /** Everything up to this position was looked at. */
  readonly through: number;
  /** Rows after the position were dropped with their messages (sync/drop-store). */
  readonly hasDropped: boolean;
}

/** Any signal as `/api/hcs/events` returns it. `body` null: longer than what views show. */
export interface EventRow {
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  /** The signal's time (core/signals/signal-batch). */
  readonly consensusNs: ConsensusNs;
  /** Null: the message carries no signature that could be checked. */
  readonly signature: SignatureState | null;
  readonly body: Uint8Array | null;
}

/** A signal that a user wrote, and its payer. */
export interface WrittenRow extends Omit<EventRow, "signature"> {
  readonly payer: AccountId;
  /** The signal's place in its message, from 0. Absent: the first, and mostly the only one. */
  readonly place?: number;
  /** The bytes of the signal. */
  readonly body: Uint8Array;
  /** The whole ledger message, if that is a batch. */
  readonly batch?: Uint8Array;
}

export interface EventPage extends DropNote {
  readonly rows: readonly EventRow[];
  /** Everything up to this time was looked at; null if there is nothing. */
  readonly throughNs: ConsensusNs | null;
}

export interface RecognitionRows extends SignalPage {
  /** The user's newest definitions. `rows`: mints whose target is the user, newest first. */
  readonly own: readonly Definition[];
}

export interface CatalogueQuery {
  readonly trustedPayers: TrustedPayers;
  readonly limit: number;
  /** The limit for a payer who is not trusted. */
  readonly limitOfUntrusted: number;
}

/** Definitions for everybody. `offered` begins with the first to offer. */
export interface Catalogue {
  readonly offered: readonly Definition[];
  /** There are more. */
  readonly isCut: boolean;
}

export interface ProofRow {
  readonly topicId: TopicId;
  readonly sequence: Sequence;
  readonly consensusNs: ConsensusNs;
  /** Null if the mirror does not report who paid. */
  readonly payer: AccountId | null;
  readonly message: Uint8Array;
  readonly runningHash: Uint8Array | null;
  readonly runningHashVersion: number | null;
  readonly verification: Verification;
  readonly reason: string | null;
  /** The hash that the ledger gives at sequence - 1; null if unknown. For sequence 1 it is GENESIS_HASH. */
  readonly previousRunningHash: Uint8Array | null;
}
