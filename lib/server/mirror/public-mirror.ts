import "server-only";
/** The parts of the public mirror: copies from the log, and the way to the configured mirrors. Types only, as in boot/app.ts. */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { FreshnessNow } from "../../core/sync/freshness";
import type { MicroCache } from "../../engine/mirror/micro-cache";
import type { PassThrough } from "../../engine/mirror/pass-through";

/** An answer from the log. */
export interface LogCopy {
  /** Null: there is no such message. */
  readonly body: string | null;
  readonly etag: string;
  readonly isImmutable: boolean;
  readonly isDropped: boolean;
  /** The log's freshness, as the answer was read. */
  readonly freshness: FreshnessNow;
  readonly atMs: number;
}

export interface PublicMirror {
  readonly pages: MicroCache<LogCopy>;
  readonly passed: PassThrough;
  /** The time through which every cached page that may still be served is complete; null while none is known. */
  toldThroughNs(): ConsensusNs | null;
}
