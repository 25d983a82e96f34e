import "server-only";
/** The interface to the health watch (watch.ts) for the rest of the server. */
export interface Health {
  /** Whether this instance can answer requests, as of the last look. */
  canServe(): boolean;
  /** Judges the facts that this instance already has. Asks no tier and no mirror. */
  look(): void;
  /** Probes each tier, then judges. Concurrent callers share one probe. */
  examine(): Promise<void>;
  /** As `examine`, but does not wait for a slow tier. */
  examineAsReader(): Promise<void>;
  /** Notes when the other instances last reported. */
  heard(reports: readonly { readonly instanceId: string; readonly reportedMs: number }[]): void;
  start(): void;
  close(): void;
}
