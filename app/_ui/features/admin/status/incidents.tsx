import clsx from "clsx";
import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import Link from "next/link";
import { incidentPlace, standingSince } from "@/lib/client/admin/sentences";
import { counted } from "@/lib/client/format/numbers";
import type { AdminStatus } from "@/lib/wire/operators/admin";
import { useStatus } from "../frame/status-context";

type Incident = AdminStatus["incidents"][number];

/** Open incidents: what is wrong, what to do, and since when. */
export function Incidents() {
  const { incidents, instances, atMs } = useStatus();
  if (incidents.length === 0) {
    return (
      <p className="mb-5 flex items-center gap-2.5 rounded-card bg-accent-soft px-4 py-3 text-accent-strong">
        <CircleCheck aria-hidden="true" className="size-5 shrink-0" />
        All systems normal.
      </p>
    );
  }
  return (
    <section aria-label="Incidents" className="mb-5 rounded-card bg-copper-soft px-4 py-3">
      <ul className="space-y-3">
        {incidents.map((incident) => (
          <li key={`${incident.code} ${incident.subject}`} className="flex items-start gap-2.5">
            <Mark severity={incident.severity} />
            <div className="min-w-0">
              <p className={clsx("font-medium", incident.severity === "critical" ? "text-danger" : "text-copper")}>
                <bdi className="break-words">{incident.summary}</bdi>
              </p>
              <p className="text-ink text-sm">
                <bdi>{incident.action}</bdi> <Place incident={incident} />
              </p>
              <p className="text-ink-soft text-xs tabular-nums">
                {standingSince(incident, atMs)}
                {instances.length > 1 &&
                  `, seen by ${incident.instances.length === instances.length ? "every instance" : counted(incident.instances.length, "instance")}`}
                .
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Mark({ severity }: Pick<Incident, "severity">) {
  const Icon = severity === "critical" ? CircleAlert : TriangleAlert;
  const tone = severity === "critical" ? "text-danger" : "text-copper";
  return <Icon aria-hidden="true" className={clsx("mt-0.5 size-5 shrink-0", tone)} />;
}

function Place({ incident }: { incident: Incident }) {
  const place = incidentPlace(incident);
  if (place === null) return null;
  return (
    <Link href={place.href} className="font-medium text-accent-strong underline underline-offset-2">
      {place.label}
    </Link>
  );
}
