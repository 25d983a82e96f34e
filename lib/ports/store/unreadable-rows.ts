import type { TopicId } from "../../core/ledger/ids";
import type { Interval } from "../../core/sync/intervals";

/**
 * Rows that this version cannot show: damaged ones, and rows of a format that it does not know. They are left out of answers
 * and counted here, so that one row never breaks an answer and an operator hears of it.
 */
export interface UnreadableRows {
  /** Counts rows of a table that were left out. `ranges`: the messages that they hold, where a row holds many. */
  count(table: string, rows?: number, ranges?: readonly MessageRange[]): void;
  /** The follower hears of each count, and of later reads of the table without one (0). One follower at a time. */
  follow(onRead: OnRead): void;
}

/** Messages of a topic, by their sequence numbers, the ends included. */
export interface MessageRange extends Interval {
  readonly topicId: TopicId;
}

export type OnRead = (table: string, unreadable: number, ranges: readonly MessageRange[]) => void;
