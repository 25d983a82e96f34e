import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Interval, normalize, size, subtract } from "@/lib/core/sync/intervals";

const interval = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: -3, max: 20 }))
  .map(([from, length]): Interval => ({ from, to: from + length }));
const intervals = fc.array(interval, { maxLength: 12 });

/** The same numbers, one by one. */
function members(list: readonly Interval[]): Set<number> {
  const numbers = new Set<number>();
  for (const { from, to } of list) for (let n = from; n <= to; n += 1) numbers.add(n);
  return numbers;
}

const without = (all: Set<number>, some: Set<number>) => new Set([...all].filter((n) => !some.has(n)));

describe("intervals", () => {
  it("normalize to the same numbers, sorted, disjoint and apart", () => {
    fc.assert(
      fc.property(intervals, (list) => {
        const normal = normalize(list);
        expect(members(normal)).toEqual(members(list));
        for (const [i, each] of normal.entries()) {
          expect(each.from).toBeLessThanOrEqual(each.to);
          const before = normal[i - 1];
          if (before) expect(each.from).toBeGreaterThan(before.to + 1);
        }
      }),
    );
  });

  it("normalize without changing their input", () => {
    const list = [
      { from: 5, to: 6 },
      { from: 1, to: 4 },
    ];
    expect(normalize(list)).toEqual([{ from: 1, to: 6 }]);
    expect(list).toEqual([
      { from: 5, to: 6 },
      { from: 1, to: 4 },
    ]);
  });

  it("subtract to exactly what is missing", () => {
    fc.assert(
      fc.property(interval, intervals, (whole, parts) => {
        const missing = subtract(whole, parts);
        expect(members(missing)).toEqual(without(members([whole]), members(parts)));
        expect(missing).toEqual(normalize(missing));
      }),
    );
  });

  it("know how many numbers they hold, each counted once", () => {
    fc.assert(
      fc.property(intervals, (list) => {
        expect(size(list)).toBe(members(list).size);
      }),
    );
  });
});
