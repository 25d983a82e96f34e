/** Tells operators of stored rows that cannot be shown, while readers meet them. */
import { type Interval, normalize } from "../../core/sync/intervals";
import type { Clock } from "../../ports/clock";
import type { UnreadableRows } from "../../ports/store/unreadable-rows";
import type { Incidents } from "../health/incidents";

/** If the table is read for this long without such a row, the row was mended, or is on no page any more. */
const QUIET_MS = 600_000;
/** A sentence stays readable with so many ranges. */
const MAX_LISTED = 5;

/** The unreadable rows of one table, or of one topic in a table whose rows hold many messages. */
interface Met {
  readonly table: string;
  times: number;
  atMs: number;
  /** Ranges of sequence numbers by their first one, with the time at which they were met last. */
  readonly ranges: Map<number, Interval & { readonly atMs: number }>;
}

/** Returns the function that ends it. */
export function watchUnreadable(
  rows: UnreadableRows,
  { incidents, clock }: { readonly incidents: Incidents; readonly clock: Pick<Clock, "monotonicMs"> },
): () => void {
  const met = new Map<string, Met>();
  rows.follow((table, count, ranges) => {
    const nowMs = clock.monotonicMs();
    const isOver = ({ atMs }: { readonly atMs: number }) => nowMs - atMs >= QUIET_MS;
    const meet = (subject: string, times: number, intervals: readonly Interval[]) => {
      const now: Met = met.get(subject) ?? { table, times: 0, atMs: nowMs, ranges: new Map() };
      now.times += times;
      now.atMs = nowMs;
      for (const { from, to } of intervals) now.ranges.set(from, { from, to, atMs: nowMs });
      for (const [from, range] of now.ranges) if (isOver(range)) now.ranges.delete(from);
      met.set(subject, now);
      incidents.report("unreadable-rows", subject, summaryOf(subject, now));
    };
    for (const topic of new Set(ranges.map(({ topicId }) => topicId))) {
      const intervals = ranges.filter(({ topicId }) => topicId === topic);
      meet(topic, intervals.length, intervals);
    }
    if (count > ranges.length) meet(table, count - ranges.length, []);
    for (const [subject, known] of met) {
      if (known.table !== table || !isOver(known)) continue;
      met.delete(subject);
      incidents.report("unreadable-rows", subject, null);
    }
  });
  return () => rows.follow(() => {});
}

function summaryOf(subject: string, { times, ranges }: Met): string {
  const end = `cannot be read by this version, and were left out of answers ${times} times`;
  if (ranges.size === 0) return `Rows of the table ${subject} ${end}.`;
  const all = normalize([...ranges.values()]);
  const listed = all.slice(0, MAX_LISTED).map(({ from, to }) => `${from} to ${to}`);
  const more = all.length > MAX_LISTED ? ` and ${all.length - MAX_LISTED} more ranges` : "";
  return `Packed messages of topic ${subject} ${end}: sequence numbers ${listed.join(", ")}${more}.`;
}
