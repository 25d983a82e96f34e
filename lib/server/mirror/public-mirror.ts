import "server-only";
/** The parts of the public mirror: copies out of the log, and the way to the configured mirrors. Types only, as in boot/app.ts. */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { FreshnessNow } from "../../core/sync/freshness";
import type { BriefCopies } from "../../engine/mirror/brief-copies";
import type { PassThrough } from "../../engine/mirror/pass-through";

/** An answer out of the log. */
export interface LogCopy {
  /** Null: there is no such message. */
  readonly body: string | null;
  readonly etag: string;
  readonly isUnchanging: boolean;
  readonly isDropped: boolean;
  /** The log's freshness, as the answer was read. */
  readonly freshness: FreshnessNow;
  readonly atMs: number;
}

export interface PublicMirror {
  readonly pages: BriefCopies<LogCopy>;
  readonly passed: PassThrough;
  /** The time through which every page that may still be served out of a cache has everything; null while none is known. */
  toldThroughNs(): ConsensusNs | null;
}
