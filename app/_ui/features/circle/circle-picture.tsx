"use client";
import { useRef, useState } from "react";
import type { People, Person } from "@/lib/client/format/people";
import { hueClass, initials } from "../../primitives/avatar";
import { CENTRE, DISC, HALO, onCircle, RING, SEAT_RADIUS, SELF_RADIUS, SIZE, spoke } from "./geometry";
import { Halo } from "./halo";
import { SeatMark } from "./seat-mark";
import type { Seating } from "./seats";

export interface CirclePictureProps {
  seating: Seating;
  people: People;
  onSeat(peerId: string): void;
  onEmpty(): void;
}

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** You in the middle, nine seats around, and the other contacts outside. It is one tab stop; arrow keys move around it. */
export function CirclePicture({ seating, people, onSeat, onEmpty }: CirclePictureProps) {
  const [current, setCurrent] = useState(0);
  const svg = useRef<SVGSVGElement>(null);
  const { seats, beyond, around, given } = seating;
  const self = people.self ? people.person(people.self) : null;

  const move = (event: React.KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (current + step + seats.length) % seats.length;
    setCurrent(next);
    svg.current?.querySelector<SVGGElement>(`[data-seat="${next}"]`)?.focus();
  };

  return (
    <fieldset onKeyDown={move} className="min-w-0">
      <legend className="sr-only">Your circle: nine seats. Arrow keys move around.</legend>
      <svg ref={svg} viewBox={`0 0 ${SIZE} ${SIZE}`} className="mx-auto w-full max-w-136 select-none overflow-visible">
        <title>You in the middle, the nine seats of your circle around you, your other contacts further out</title>
        <Rings over={given > seats.length} />
        <Halo around={around} beyond={beyond} />
        <g>
          {seats.map((seat, at) => {
            if (seat.kind !== "taken") return null;
            const mutual = seat.contact.trust.receivedFrom > 0;
            return <Spoke key={seat.contact.peerId} seat={at} mutual={mutual} />;
          })}
        </g>
        {self && <Self person={self} />}
        <g>
          {seats.map((seat, at) => (
            <SeatMark
              key={seat.kind === "taken" ? seat.contact.peerId : `${seat.kind}-${at}`}
              seat={seat}
              index={at}
              person={seat.kind === "taken" ? people.person(seat.contact.peerId) : null}
              current={at === current}
              onFocus={() => setCurrent(at)}
              onPress={() => (seat.kind === "taken" ? onSeat(seat.contact.peerId) : onEmpty())}
            />
          ))}
        </g>
      </svg>
    </fieldset>
  );
}

function Rings({ over }: { over: boolean }) {
  return (
    <g fill="none">
      <circle cx={CENTRE} cy={CENTRE} r={DISC} className="fill-surface stroke-line" />
      <circle cx={CENTRE} cy={CENTRE} r={RING} className={over ? "stroke-copper" : "stroke-line"} strokeWidth="1.5" />
      <circle cx={CENTRE} cy={CENTRE} r={HALO} className="stroke-line" strokeDasharray="1 7" strokeLinecap="round" />
    </g>
  );
}

/** Given trust is a green line. If it is mutual, a golden line comes back beside it. */
function Spoke({ seat, mutual }: { seat: number; mutual: boolean }) {
  const [from, to] = spoke(onCircle(seat, 9, RING), SELF_RADIUS + 3, SEAT_RADIUS + 3);
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const gap = mutual ? 3 : 0;
  const aside = { x: (-(to.y - from.y) / length) * gap, y: ((to.x - from.x) / length) * gap };
  return (
    <>
      <line
        x1={from.x + aside.x}
        y1={from.y + aside.y}
        x2={to.x + aside.x}
        y2={to.y + aside.y}
        className="stroke-accent"
        strokeWidth="3"
        strokeLinecap="round"
      />
      {mutual && (
        <line
          x1={from.x - aside.x}
          y1={from.y - aside.y}
          x2={to.x - aside.x}
          y2={to.y - aside.y}
          className="stroke-gold"
          strokeWidth="3"
          strokeLinecap="round"
        />
      )}
    </>
  );
}

function Self({ person }: { person: Person }) {
  return (
    <g className={hueClass(person.id)}>
      <circle cx={CENTRE} cy={CENTRE} r={SELF_RADIUS + 5} className="fill-none stroke-accent" strokeWidth="2" />
      <circle cx={CENTRE} cy={CENTRE} r={SELF_RADIUS} className="fill-(--person-fill)" />
      <text
        x={CENTRE}
        y={CENTRE}
        textAnchor="middle"
        dominantBaseline="central"
        className="fill-(--person-ink) font-semibold text-[26px]"
      >
        {initials(person.name)}
      </text>
    </g>
  );
}
