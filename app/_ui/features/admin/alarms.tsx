import { CircleCheck, TriangleAlert } from "lucide-react";

/** What somebody should look at, before anything else. */
export function Alarms({ alarms }: { alarms: readonly string[] }) {
  if (alarms.length === 0) {
    return (
      <p className="mb-5 flex items-center gap-2.5 rounded-card bg-accent-soft px-4 py-3 text-accent-strong">
        <CircleCheck aria-hidden="true" className="size-5 shrink-0" />
        Nothing needs looking at.
      </p>
    );
  }
  return (
    <section aria-label="Alarms" className="mb-5 rounded-card bg-copper-soft px-4 py-3 text-copper">
      <ul className="space-y-1.5">
        {alarms.map((alarm) => (
          <li key={alarm} className="flex items-start gap-2.5">
            <TriangleAlert aria-hidden="true" className="mt-0.5 size-5 shrink-0" />
            <bdi>{alarm}</bdi>
          </li>
        ))}
      </ul>
    </section>
  );
}
