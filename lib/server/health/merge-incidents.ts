import "server-only";
/** Merges the incidents that instances report into one list. */
import { keyOf } from "../../core/key";
import type { AdminStatus } from "../../wire/operators/admin";
import type { InstanceReport } from "../../wire/operators/instance-report";

type Report = Pick<InstanceReport, "instanceId" | "reportedMs" | "incidents">;
type AnyInstance = AdminStatus["incidents"][number];

/** An instance with an open incident reports every minute. One that has been silent longer than this has ended. */
const SILENT_MS = 150_000;

/** Each incident once, with the instances that see it. Critical ones come first, then older ones. */
export function mergeIncidents(reports: readonly Report[], nowMs: number): AdminStatus["incidents"] {
  const all = new Map<string, AnyInstance>();
  for (const { instanceId, reportedMs, incidents } of reports) {
    if (nowMs - reportedMs > SILENT_MS) continue;
    for (const incident of incidents) {
      const key = keyOf(incident.code, incident.subject ?? "");
      const known = all.get(key);
      all.set(key, {
        ...(known ?? incident),
        sinceMs: Math.min(incident.sinceMs, known?.sinceMs ?? Number.POSITIVE_INFINITY),
        instances: [...(known?.instances ?? []), instanceId],
      });
    }
  }
  const rank = { critical: 0, warning: 1 };
  return [...all.values()].sort((a, b) => rank[a.severity] - rank[b.severity] || a.sinceMs - b.sinceMs);
}
