/** Tells operators of stored rows that cannot be shown, while readers meet them. */
import type { Clock } from "../../ports/clock";
import type { UnreadableRows } from "../../ports/store/unreadable-rows";
import type { Incidents } from "../health/incidents";

/** If the table is read for this long without such a row, the row was mended, or is on no page any more. */
const QUIET_MS = 600_000;

/** Returns the function that ends it. */
export function watchUnreadable(
  rows: UnreadableRows,
  { incidents, clock }: { readonly incidents: Incidents; readonly clock: Pick<Clock, "monotonicMs"> },
): () => void {
  const met = new Map<string, { readonly times: number; readonly atMs: number }>();
  rows.follow((table, count) => {
    const known = met.get(table);
    const nowMs = clock.monotonicMs();
    if (count > 0) {
      const times = (known?.times ?? 0) + count;
      met.set(table, { times, atMs: nowMs });
      const summary = `Rows of the table ${table} cannot be read by this version, and were left out of answers ${times} times.`;
      incidents.report("unreadable-rows", table, summary);
    } else if (known && nowMs - known.atMs >= QUIET_MS) {
      met.delete(table);
      incidents.report("unreadable-rows", table, null);
    }
  });
  return () => rows.follow(() => {});
}
