import { TriangleAlert } from "lucide-react";
import { CIRCLE_SLOTS, type CircleAnswer } from "@/lib/wire/contacts";
import type { Seating } from "./seats";

export interface CircleStatsProps {
  seating: Seating;
  circle: CircleAnswer | undefined;
  over: boolean;
}

export function CircleStats({ seating, circle, over }: CircleStatsProps) {
  const given = circle?.trustStats.allocatedOut ?? seating.given;
  const received = circle?.trustStats.receivedIn ?? seating.received;
  const bonded = circle?.trustStats.bondedContacts ?? seating.around.length + seating.seats.length;
  return (
    <div className="space-y-4">
      <dl className="grid grid-cols-3 divide-x divide-line text-center">
        <Stat name="given" value={`${given} of ${CIRCLE_SLOTS}`} />
        <Stat name="received" value={`${received}`} />
        <Stat name="contacts" value={`${bonded}`} />
      </dl>
      {over && (
        <p role="status" className="flex items-start gap-3 rounded-card bg-copper-soft px-4 py-3 text-copper text-sm">
          <TriangleAlert aria-hidden="true" className="mt-0.5 size-5 shrink-0" />
          You gave {given} seats; a circle has nine. Take trust back until nine are left, then you can give trust again.
        </p>
      )}
    </div>
  );
}

function Stat({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex flex-col-reverse px-2">
      <dt className="text-ink-soft text-sm">{name}</dt>
      <dd className="font-display font-semibold text-2xl tabular-nums">{value}</dd>
    </div>
  );
}
