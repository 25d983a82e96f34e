/** The end of a view's answer, which says how fresh it is. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { freshnessMembers } from "@/lib/server/http/reply";
import { Freshness } from "@/lib/wire/common";

const freshness = fc.record(
  {
    asOf: fc.option(
      fc.tuple(fc.nat(), fc.nat({ max: 999_999_999 })).map(([s, ns]) => `${s}.${String(ns).padStart(9, "0")}`),
    ),
    lagMs: fc.option(fc.nat()),
    stale: fc.boolean(),
    quiet: fc.constant(true as const),
  },
  { requiredKeys: ["asOf", "lagMs", "stale"] },
);

it("is what JSON.stringify writes", () => {
  fc.assert(
    fc.property(freshness, (each) => {
      expect(`{${freshnessMembers(each)}}`).toBe(JSON.stringify(each));
      expect(Freshness.parse(JSON.parse(`{${freshnessMembers(each)}}`))).toEqual(each);
    }),
  );
});
