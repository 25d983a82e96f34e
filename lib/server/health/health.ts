import "server-only";
/** How the rest of the server uses the judgement of health (watch.ts). */
export interface Health {
  /** Whether this instance can answer requests, as of the last look. */
  canServe(): boolean;
  /** Judges the facts that this instance has already. Asks no tier and no mirror. */
  look(): void;
  /** Probes each tier, then judges. Callers share one probe. */
  examine(): Promise<void>;
  /** As `examine`, but does not wait for a slow tier. */
  examineAsReader(): Promise<void>;
  /** Takes in when the other instances reported last. */
  heard(reports: readonly { readonly instanceId: string; readonly reportedMs: number }[]): void;
  start(): void;
  close(): void;
}
