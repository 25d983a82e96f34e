/** The stored messages of topics as a mirror's readers page through them. Failures of the database reject with `TierUnavailable`. */
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import type { TopicId } from "../../core/ledger/ids";
import type { Order } from "../../core/mirror/message-query";
import type { LogEntry } from "../../core/signals/batch";
import type { Interval } from "../../core/sync/intervals";

/** The ends of both intervals are included. */
export interface LogQuery {
  readonly topicId: TopicId;
  readonly sequences: Interval;
  readonly times: Interval<bigint>;
  readonly order: Order;
  readonly limit: number;
}

export interface LogPage {
  /** In the page's order, without failed messages, and without bodies of joined chunks. */
  readonly rows: readonly LogEntry[];
  /** The page has reached its limit of rows or of bytes, so there may be more. */
  readonly isFull: boolean;
  /** The time of the last row that was found; null for none. */
  readonly lastNs: ConsensusNs | null;
  /** The message in front of the first row, by its number, is stored and verified. */
  readonly isNeighbourVerified: boolean;
  /** Messages that were dropped (sync/drop-store) may belong to the page. */
  readonly hasDropped: boolean;
}

export interface LedgerLog {
  page(query: LogQuery): Promise<LogPage>;
  /** The message of exactly this time, of any topic; null where none is stored, or it failed. */
  at(ns: ConsensusNs): Promise<{ readonly topicId: TopicId; readonly entry: LogEntry } | null>;
}
