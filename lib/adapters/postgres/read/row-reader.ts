import type { TopicId } from "../../../core/ledger/ids";
import type { MessageRange, OnRead, UnreadableRows } from "../../../ports/store/unreadable-rows";
import { LogSegment, SEGMENT_LENGTH } from "../codec/log-segment";

/** A row of `topic_segments`. */
export interface SegmentRow {
  readonly topicId: TopicId;
  readonly firstSeq: number;
  readonly content: Uint8Array;
}

/** Decodes rows one by one. A row that cannot be decoded is left out and counted. */
export class RowReader implements UnreadableRows {
  /** The tables in which such rows were found so far; usually none. */
  private readonly known = new Set<string>();
  private onRead: OnRead = () => {};

  count(table: string, rows = 1, ranges: readonly MessageRange[] = []): void {
    if (rows > 0) this.known.add(table);
    if (this.known.has(table)) this.onRead(table, rows, ranges);
  }

  follow(onRead: OnRead): void {
    this.onRead = onRead;
  }

  /** Applies `read` to each row, and leaves out the rows for which it throws. */
  rows<R, T>(table: string, rows: readonly R[], read: (row: R) => T): T[] {
    const { readable, unreadable } = sift(rows, read);
    this.count(table, unreadable.length);
    return readable;
  }

  /** Applies `read` to each log segment, and leaves out those that are damaged. They are counted with the range of their messages. */
  segments<R extends SegmentRow, T>(rows: readonly R[], read: (segment: LogSegment, row: R) => T): T[] {
    const { readable, unreadable } = sift(rows, (row) => read(new LogSegment(row.topicId, row.content), row));
    const ranges = unreadable.map(({ topicId, firstSeq: from }) => ({ topicId, from, to: from + SEGMENT_LENGTH - 1 }));
    this.count("topic_segments", unreadable.length, ranges);
    return readable;
  }
}

function sift<R, T>(rows: readonly R[], read: (row: R) => T): { readable: T[]; unreadable: R[] } {
  const [readable, unreadable]: [T[], R[]] = [[], []];
  for (const row of rows) {
    try {
      readable.push(read(row));
    } catch {
      // The reason is of no use without the row, and the row's content must not be logged.
      unreadable.push(row);
    }
  }
  return { readable, unreadable };
}
