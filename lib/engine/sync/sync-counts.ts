import type { LogEntry } from "../../core/signals/batch";

/** Counts of the work of this process for a topic since it started. */
export interface SyncCounts {
  commits: number;
  /** Batches that another instance had committed first. */
  conflicts: number;
  messages: number;
  verified: number;
  unverifiable: number;
  failed: number;
  undecodable: number;
  untrusted: number;
  unproven: number;
  /** Declared gaps. */
  gaps: number;
}

/** Counters of one topic or process, all at 0. */
export const newCounts = (): SyncCounts => ({
  ...{ commits: 0, conflicts: 0, messages: 0, gaps: 0 },
  ...{ verified: 0, unverifiable: 0, failed: 0, undecodable: 0, untrusted: 0, unproven: 0 },
});

/** Counts a committed batch. */
export function count(counts: SyncCounts, entries: readonly LogEntry[], hasGap: boolean): void {
  counts.commits += 1;
  counts.messages += entries.length;
  counts.gaps += hasGap ? 1 : 0;
  for (const { verification, disposition } of entries) {
    counts[verification] += 1;
    if (disposition === "undecodable" || disposition === "untrusted" || disposition === "unproven")
      counts[disposition] += 1;
  }
}
