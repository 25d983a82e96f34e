import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BOUNDS_MS, countOf, EMPTY, type Histogram, merge, quantileMs } from "@/lib/core/histogram";

/** As it would have been observed. */
function histogramOf(times: readonly number[]): Histogram {
  const counts = [...EMPTY.counts];
  for (const ms of times) {
    const i = BOUNDS_MS.findIndex((bound) => ms <= bound);
    const at = i < 0 ? BOUNDS_MS.length : i;
    counts[at] = (counts[at] as number) + 1;
  }
  return { counts, sumMs: times.reduce((sum, ms) => sum + ms, 0) };
}
const times = fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { maxLength: 200 });

describe("histograms", () => {
  it("of several instances add up to the histogram of all", () => {
    fc.assert(
      fc.property(times, times, (a, b) => {
        const merged = merge(histogramOf(a), histogramOf(b));
        expect(merged.counts).toEqual(histogramOf([...a, ...b]).counts);
        expect(merged.sumMs).toBeCloseTo(histogramOf([...a, ...b]).sumMs, 3);
      }),
    );
  });

  it("leave out counts between other bounds", () => {
    const known = histogramOf([1, 2]);
    const foreign = { counts: [5], sumMs: 5 };
    expect(merge(known, foreign)).toBe(known);
    expect(merge(foreign, known)).toBe(known);
    expect(countOf(known)).toBe(2);
  });
});

describe("a quantile", () => {
  it("lies in the same bucket as the true one", () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (all, q) => {
        fc.pre(all.length > 0);
        const sorted = [...all].sort((a, b) => a - b);
        const truth = sorted[Math.max(0, Math.ceil(q * all.length) - 1)] as number;
        const upper = BOUNDS_MS.find((bound) => truth <= bound) ?? (BOUNDS_MS.at(-1) as number);
        const lower = Math.max(0, ...BOUNDS_MS.filter((bound) => bound < truth && bound < upper));
        const found = quantileMs(histogramOf(all), q) as number;
        expect(found).toBeGreaterThanOrEqual(lower);
        expect(found).toBeLessThanOrEqual(upper);
      }),
    );
  });

  it("is null if nothing was counted", () => {
    expect(quantileMs(EMPTY, 0.5)).toBeNull();
  });
});
