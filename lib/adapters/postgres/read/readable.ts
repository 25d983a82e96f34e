import type { UnreadableRows } from "../../../ports/store/unreadable-rows";
import type { Row } from "../drivers/database";

/** Reads rows one by one: a row that cannot be read is left out and counted. */
export class Readable implements UnreadableRows {
  /** Tables in which there were such rows: a few at the most, none as a rule. */
  private readonly known = new Set<string>();
  private onRead: (table: string, unreadable: number) => void = () => {};

  count(table: string, rows = 1): void {
    if (rows > 0) this.known.add(table);
    if (this.known.has(table)) this.onRead(table, rows);
  }

  follow(onRead: (table: string, unreadable: number) => void): void {
    this.onRead = onRead;
  }

  /** Applies `read` to each row and leaves out the rows that it cannot read. */
  rows<T>(table: string, rows: readonly Row[], read: (row: Row) => T): T[] {
    const readable: T[] = [];
    for (const row of rows) {
      try {
        readable.push(read(row));
      } catch {
        // Why is of no use without the row, and what is in the row is not for the log.
      }
    }
    this.count(table, rows.length - readable.length);
    return readable;
  }
}
