/** A circle of nine inside a wider mesh. Decoration; still. */
const CENTRE = 200;
const RINGS = [
  { radius: 78, seats: 9, size: 11, turn: 0 },
  { radius: 132, seats: 17, size: 5, turn: 0.2 },
  { radius: 178, seats: 27, size: 2.6, turn: 0.05 },
] as const;

interface Spot {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

function spots({ radius, seats, size, turn }: (typeof RINGS)[number]): Spot[] {
  return Array.from({ length: seats }, (_, seat) => {
    const angle = (seat / seats) * 2 * Math.PI - Math.PI / 2 + turn;
    const at = (of: number) => Math.round((CENTRE + radius * of) * 10) / 10;
    return { id: `${radius}-${seat}`, x: at(Math.cos(angle)), y: at(Math.sin(angle)), size };
  });
}

const [INNER, MIDDLE, OUTER] = RINGS.map(spots) as [Spot[], Spot[], Spot[]];

/** Joins each spot with the nearest one further in. */
function nearest(spot: Spot, to: readonly Spot[]): Spot {
  return to.reduce((a, b) => (Math.hypot(a.x - spot.x, a.y - spot.y) < Math.hypot(b.x - spot.x, b.y - spot.y) ? a : b));
}

const corners = (ring: readonly Spot[]) => ring.map(({ x, y }) => `${x},${y}`).join(" ");

const HUES = ["hue-5", "hue-1", "hue-8", "hue-3", "hue-0", "hue-6", "hue-10", "hue-2", "hue-7"];

export function MeshPicture() {
  return (
    <svg viewBox="0 0 400 400" aria-hidden="true" className="mx-auto my-8 max-h-[58vh] w-full max-w-lg">
      <g className="fill-none stroke-line-strong" strokeWidth="0.7" opacity="0.7">
        <polygon points={corners(MIDDLE)} />
        <polygon points={corners(OUTER)} />
        {OUTER.map((spot) => (
          <Line key={spot.id} from={spot} to={nearest(spot, MIDDLE)} />
        ))}
        {MIDDLE.map((spot) => (
          <Line key={spot.id} from={spot} to={nearest(spot, INNER)} />
        ))}
      </g>
      <g className="fill-none stroke-accent" strokeWidth="1.6">
        <polygon points={corners(INNER)} strokeWidth="0.8" />
        {INNER.map((spot) => (
          <line key={spot.id} x1={CENTRE} y1={CENTRE} x2={spot.x} y2={spot.y} />
        ))}
      </g>
      {[...OUTER, ...MIDDLE].map((spot) => (
        <circle key={spot.id} cx={spot.x} cy={spot.y} r={spot.size} className="fill-line-strong" />
      ))}
      {INNER.map((spot, seat) => (
        <circle
          key={spot.id}
          cx={spot.x}
          cy={spot.y}
          r={spot.size}
          className={`${HUES[seat]} fill-(--person-fill) stroke-(--person-line)`}
          strokeWidth="1.2"
        />
      ))}
      <circle cx={CENTRE} cy={CENTRE} r="19" className="fill-accent" />
    </svg>
  );
}

function Line({ from, to }: { from: Spot; to: Spot }) {
  return <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} />;
}
