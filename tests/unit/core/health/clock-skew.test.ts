import fc from "fast-check";
import { expect, it } from "vitest";
import { aheadOf } from "@/lib/core/health/clock-skew";

it("a clock is off only by what the duration of the request cannot explain", () => {
  const ms = fc.integer({ min: -10_000, max: 10_000 });
  fc.assert(
    fc.property(ms, fc.nat(5_000), fc.nat(5_000), (offMs, thereMs, backMs) => {
      // It was asked at 0, read after `thereMs`, and answered `backMs` later.
      const aheadMs = aheadOf({ theirsMs: thereMs + offMs, beforeMs: 0, afterMs: thereMs + backMs });
      expect(Math.abs(aheadMs)).toBeLessThanOrEqual(Math.abs(offMs));
      expect(Math.abs(aheadMs - offMs)).toBeLessThanOrEqual(thereMs + backMs);
      if (offMs === 0) expect(aheadMs).toBe(0);
    }),
  );
});
