import type { Verification } from "../signals/signal";
import type { Interval } from "../sync/intervals";
import type { Order } from "./message-query";

/** A page of the log: the query, and the rows that were found. */
export interface FoundPage {
  readonly order: Order;
  readonly limit: number;
  /** The sequence numbers of the query. */
  readonly sequences: Interval;
  /** In the page's order. Failed messages are on no page. */
  readonly rows: readonly {
    readonly sequence: number;
    readonly verification: Verification;
    /** Absent if the mirror's information about chunks was not stored. */
    readonly chunkInfo?: string | null;
  }[];
  /** The log has the message in front of the first row, and it is verified. */
  readonly isNeighbourVerified: boolean;
}

/**
 * Whether the page can never change, so that caches may keep it for good. Missing messages may turn up, failed ones may be
 * repaired, unverified ones may change, and new ones come at the end. So the page must be full, verified, and without a missing
 * number. The message before the first row must be verified too: then nothing can come between the two.
 */
export function isImmutable({ order, limit, sequences, rows, isNeighbourVerified }: FoundPage): boolean {
  const first = rows[0]?.sequence;
  if (first === undefined || rows.length < limit) return false;
  const isFirstFixed = first === (order === "asc" ? sequences.from : sequences.to) || isNeighbourVerified;
  const step = order === "asc" ? 1 : -1;
  return (
    isFirstFixed &&
    rows.every(
      ({ sequence, verification, chunkInfo }, i) =>
        sequence === first + i * step && verification === "verified" && chunkInfo !== undefined,
    )
  );
}
