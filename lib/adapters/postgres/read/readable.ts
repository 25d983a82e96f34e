import type { UnreadableRows } from "../../../ports/store/unreadable-rows";

/** Reads rows one by one: a row that cannot be read is left out and counted. */
export class Readable implements UnreadableRows {
  /** Tables in which such rows were found; usually none. */
  private readonly known = new Set<string>();
  private onRead: (table: string, unreadable: number) => void = () => {};

  count(table: string, rows = 1): void {
    if (rows > 0) this.known.add(table);
    if (this.known.has(table)) this.onRead(table, rows);
  }

  follow(onRead: (table: string, unreadable: number) => void): void {
    this.onRead = onRead;
  }

  /** Applies `read` to each row, and leaves out the rows for which it throws. */
  rows<R, T>(table: string, rows: readonly R[], read: (row: R) => T): T[] {
    const readable: T[] = [];
    for (const row of rows) {
      try {
        readable.push(read(row));
      } catch {
        // The reason is of no use without the row, and the row's content must not be logged.
      }
    }
    this.count(table, rows.length - readable.length);
    return readable;
  }
}
