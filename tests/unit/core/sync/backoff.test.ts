import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "@/lib/core/sync/backoff";

const policy = { baseMs: 100, maxMs: 10_000 };
const attempt = fc.integer({ min: 1, max: 100_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("back-off", () => {
  it("doubles its ceiling with each try, up to the maximum", () => {
    const ceilings = [1, 2, 3, 8, 50].map((n) => backoffMs(policy, n, 0.999_999));
    expect(ceilings).toEqual([100, 200, 400, 10_000, 10_000]);
  });

  it("waits between half its ceiling and all of it, for any number of tries", () => {
    fc.assert(
      fc.property(attempt, random, (n, chance) => {
        const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(n - 1, 60));
        const ms = backoffMs(policy, n, chance);
        expect(ms).toBeGreaterThanOrEqual(ceiling / 2);
        expect(ms).toBeLessThanOrEqual(ceiling);
      }),
    );
  });

  it("is never shorter than the other side asked for, even if that is over the maximum", () => {
    fc.assert(
      fc.property(attempt, random, fc.nat({ max: 3_600_000 }), (n, chance, retryAfterMs) => {
        const own = backoffMs(policy, n, chance);
        expect(backoffMs(policy, n, chance, retryAfterMs)).toBe(Math.max(own, retryAfterMs));
      }),
    );
  });
});
