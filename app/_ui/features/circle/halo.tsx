import type { Contact } from "@/lib/wire/contacts";
import { hueClass } from "../../primitives/avatar";
import { DISC, HALO, onCircle, spoke } from "./geometry";

/** More dots than this would touch each other. */
const MAX_DOTS = 72;

/** The contacts outside the circle. A golden line leads in from those who trust you. Contacts beyond nine are copper. */
export function Halo({ around, beyond }: { around: readonly Contact[]; beyond: readonly Contact[] }) {
  // Contacts with a line or a colour come first, so that the limit cuts the others.
  const dots = [
    ...beyond.map((contact) => ({ contact, over: true })),
    ...[...around]
      .sort((a, b) => b.trust.receivedFrom - a.trust.receivedFrom || a.bondedAt - b.bondedAt)
      .map((contact) => ({ contact, over: false })),
  ].slice(0, MAX_DOTS);

  return (
    <g>
      {spread(dots).map(({ contact, over }, at) => {
        const spot = onCircle(at, dots.length, HALO, 0.5);
        const [to, from] = spoke(spot, DISC + 2, 8);
        const trusting = contact.trust.receivedFrom > 0;
        return (
          <g key={contact.peerId} className={hueClass(contact.peerId)}>
            {(trusting || over) && (
              <line
                x1={from.x}
                y1={from.y}
                x2={to.x}
                y2={to.y}
                className={over ? "stroke-copper" : "stroke-gold"}
                strokeWidth="2"
                strokeLinecap="round"
              />
            )}
            <circle
              cx={spot.x}
              cy={spot.y}
              r={over ? 10 : trusting ? 7.5 : 5}
              className={
                over
                  ? "fill-copper-soft stroke-copper"
                  : trusting
                    ? "fill-gold-soft stroke-gold"
                    : "fill-(--person-fill) stroke-(--person-line)"
              }
              strokeWidth={over || trusting ? 2 : 1.2}
            />
          </g>
        );
      })}
    </g>
  );
}

/** Deals the list around the circle, so that the first ones do not all stand on one side. */
function spread<T>(list: readonly T[]): T[] {
  const stride = list.length > 6 ? strideOf(list.length) : 1;
  const placed = new Array<T>(list.length);
  list.forEach((entry, at) => {
    placed[(at * stride) % list.length] = entry;
  });
  return placed;
}

/** A stride near the golden section, without a common divisor with the count, so that it visits every place once. */
function strideOf(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let stride = Math.round(count * 0.382);
  while (divisor(count, stride) !== 1) stride++;
  return stride;
}
