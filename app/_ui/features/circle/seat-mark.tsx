"use client";
import clsx from "clsx";
import type { Person } from "@/lib/client/format/people";
import { hueClass, initials } from "../../primitives/avatar";
import { CENTRE, onCircle, RING, SEAT_RADIUS } from "./geometry";
import type { Seat } from "./seats";

export interface SeatMarkProps {
  seat: Seat;
  index: number;
  person: Person | null;
  current: boolean;
  onFocus(): void;
  onPress(): void;
}

const MAX_LABEL = 14;
const short = (name: string) => {
  const chars = [...name];
  return chars.length > MAX_LABEL ? `${chars.slice(0, MAX_LABEL - 1).join("")}…` : name;
};

function labelOf(seat: Seat, index: number, person: Person | null): string {
  const place = `Seat ${index + 1}`;
  if (seat.kind === "empty") return `${place}, empty: give trust`;
  if (seat.kind === "weight" || !person) return `${place}, held by trust of more than one`;
  const { allocatedTo, receivedFrom } = seat.contact.trust;
  const weight = allocatedTo > 1 ? ` with weight ${allocatedTo}` : "";
  return `${place}, ${person.name}: you trust them${weight}${receivedFrom > 0 ? ", they trust you" : ""}`;
}

export function SeatMark({ seat, index, person, current, onFocus, onPress }: SeatMarkProps) {
  const { x, y } = onCircle(index, 9, RING);
  const press = (event: React.KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onPress();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: HTML's own buttons do not exist inside a picture
    <g
      role="button"
      tabIndex={current ? 0 : -1}
      data-seat={index}
      data-kind={seat.kind}
      aria-label={labelOf(seat, index, person)}
      onFocus={onFocus}
      onClick={onPress}
      onKeyDown={press}
      className="group outline-none"
    >
      <circle
        cx={x}
        cy={y}
        r={SEAT_RADIUS + 6}
        className="fill-none stroke-transparent group-focus-visible:stroke-accent"
        strokeWidth="2.5"
      />
      {seat.kind === "taken" && person ? (
        <Taken x={x} y={y} person={person} weight={seat.contact.trust.allocatedTo} />
      ) : (
        <Open x={x} y={y} held={seat.kind === "weight"} />
      )}
    </g>
  );
}

function Taken({ x, y, person, weight }: { x: number; y: number; person: Person; weight: number }) {
  return (
    <>
      <circle
        cx={x}
        cy={y}
        r={SEAT_RADIUS}
        className={clsx(hueClass(person.id), "fill-(--person-fill) stroke-(--person-line) group-hover:stroke-accent")}
        strokeWidth="2"
      />
      <text
        x={x}
        y={y}
        textAnchor="middle"
        dominantBaseline="central"
        className={clsx(hueClass(person.id), "fill-(--person-ink) font-semibold text-[18px]")}
      >
        {initials(person.name)}
      </text>
      <text
        x={x}
        y={y < CENTRE - SEAT_RADIUS ? y - SEAT_RADIUS - 8 : y + SEAT_RADIUS + 17}
        textAnchor="middle"
        className="fill-ink stroke-surface font-medium text-[13px]"
        strokeWidth="4"
        paintOrder="stroke"
      >
        {short(person.name)}
      </text>
      {weight > 1 && (
        <g>
          <rect x={x + 12} y={y - 36} width="32" height="19" rx="9.5" className="fill-copper" />
          <text
            x={x + 28}
            y={y - 26}
            textAnchor="middle"
            dominantBaseline="central"
            className="fill-paper font-semibold text-[12px]"
          >
            ×{weight}
          </text>
        </g>
      )}
    </>
  );
}

function Open({ x, y, held }: { x: number; y: number; held: boolean }) {
  return (
    <>
      <circle
        cx={x}
        cy={y}
        r={SEAT_RADIUS - 2}
        className={clsx(
          "fill-paper stroke-line-strong",
          held ? "opacity-60" : "group-hover:fill-accent-soft group-hover:stroke-accent",
        )}
        strokeWidth="1.6"
        strokeDasharray="4 5"
        strokeLinecap="round"
      />
      {held ? (
        <path d={`M${x - 7} ${y}h14`} className="stroke-ink-faint" strokeWidth="2" strokeLinecap="round" />
      ) : (
        <path
          d={`M${x - 7} ${y}h14M${x} ${y - 7}v14`}
          className="stroke-accent"
          strokeWidth="2.2"
          strokeLinecap="round"
        />
      )}
    </>
  );
}
