/** Places in the picture, in units of its view box. */
export const SIZE = 520;
export const CENTRE = SIZE / 2;
export const RING = 158;
/** Wide enough for the names above the upper seats. */
export const DISC = 216;
export const HALO = 246;
export const SEAT_RADIUS = 31;
export const SELF_RADIUS = 44;

export interface Spot {
  readonly x: number;
  readonly y: number;
}

const TENTHS = 10;
const round = (value: number) => Math.round(value * TENTHS) / TENTHS;

/** The `index`-th of `count` places on a circle, the first one at the top, clockwise. */
export function onCircle(index: number, count: number, radius: number, turn = 0): Spot {
  const angle = ((index + turn) / count) * 2 * Math.PI - Math.PI / 2;
  return { x: round(CENTRE + radius * Math.cos(angle)), y: round(CENTRE + radius * Math.sin(angle)) };
}

/** The part of the line from the centre to `spot` that neither end's circle covers. */
export function spoke(spot: Spot, from: number, before: number): readonly [Spot, Spot] {
  const length = Math.hypot(spot.x - CENTRE, spot.y - CENTRE);
  const at = (distance: number): Spot => ({
    x: round(CENTRE + ((spot.x - CENTRE) * distance) / length),
    y: round(CENTRE + ((spot.y - CENTRE) * distance) / length),
  });
  return [at(from), at(length - before)];
}
