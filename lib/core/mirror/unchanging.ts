import type { Verification } from "../signals/signal";
import type { Interval, Order } from "./message-query";

/** A page of the log: what was asked, and what was found. */
export interface FoundPage {
  readonly order: Order;
  readonly limit: number;
  /** The sequence numbers that were asked for. */
  readonly sequences: Interval<number>;
  /** In the page's order. Failed messages are on no page. */
  readonly rows: readonly {
    readonly sequence: number;
    readonly verification: Verification;
    /** Absent where what the mirror said of chunks is not known. */
    readonly chunkInfo?: string | null;
  }[];
  /** The log has the message in front of the first row, and it is verified. */
  readonly isNeighbourVerified: boolean;
}

/**
 * Whether the page can never change, so that caches may keep it. Numbers that are missing may turn up, failed messages may be
 * mended, what is not verified may be told otherwise, and new messages come at the end. So the page must be full, without a
 * missing number from the first that could be on it to its last, and verified in full. The message in front of the first row is
 * out for good: its time and its number are verified, too.
 */
export function isUnchanging({ order, limit, sequences, rows, isNeighbourVerified }: FoundPage): boolean {
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
