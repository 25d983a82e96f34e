/**
 * Rows that this version cannot show: damaged ones, and rows of a format that it does not know. They are left out of answers
 * and counted here, so that one row never breaks an answer and an operator hears of it.
 */
export interface UnreadableRows {
  /** Counts rows of a table that were left out. */
  count(table: string, rows?: number): void;
  /** The follower hears of each count, and of later reads of the table without one (0). One follower at a time. */
  follow(onRead: (table: string, unreadable: number) => void): void;
}
