/** Next gives each bundle its own copy of a module. One bundle must recognise the errors that another one throws. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { TIERS, type Tier } from "@/lib/ports/tier-unavailable";
import { sourcesUnder } from "../../../support/repository/source";

async function copyOfModules() {
  vi.resetModules();
  const [tiers, problems] = await Promise.all([
    import("@/lib/ports/tier-unavailable"),
    import("@/lib/server/http/answers/problem"),
  ]);
  return { ...tiers, ...problems };
}

type Copy = Awaited<ReturnType<typeof copyOfModules>>;

const OTHERS = [
  new Error("TierUnavailable"),
  new Error("problem"),
  null,
  undefined,
  "tier-unavailable",
  {},
  { kind: 1 },
];

describe("errors across bundles", () => {
  it("a TierUnavailable of one bundle is recognised in another, with its tier", async () => {
    const [a, b] = [await copyOfModules(), await copyOfModules()];
    expect(a.TierUnavailable).not.toBe(b.TierUnavailable);
    for (const tier of TIERS) {
      const thrown = new a.TierUnavailable(tier, "away");
      expect(thrown instanceof b.TierUnavailable).toBe(false);
      expect(b.isTierUnavailable(thrown)).toBe(true);
      for (const other of TIERS) expect(b.isTierUnavailable(thrown, other)).toBe(other === tier);
      expect(b.isProblem(thrown)).toBe(false);
      class Special extends a.TierUnavailable {}
      expect(b.isTierUnavailable(new Special(tier, "away"), tier)).toBe(true);
    }
    for (const value of OTHERS) expect(b.isTierUnavailable(value)).toBe(false);
  });

  it("a problem of one bundle is recognised in another, and nothing else is one", async () => {
    const [a, b] = [await copyOfModules(), await copyOfModules()];
    const thrown = new a.ProblemError("paused", "It is paused.");
    expect(thrown instanceof b.ProblemError).toBe(false);
    expect(b.isProblem(thrown)).toBe(true);
    expect(b.isTierUnavailable(thrown)).toBe(false);
    for (const value of OTHERS) expect(b.isProblem(value)).toBe(false);
  });

  it("a fallback applies to the tier that is down, and to no other error", async () => {
    const [a, b]: readonly Copy[] = [await copyOfModules(), await copyOfModules()] as const;
    const tier = fc.constantFrom<Tier>(...TIERS);
    const asked = fc.constantFrom<Tier | "any">(...TIERS, "any");
    await fc.assert(
      fc.asyncProperty(tier, asked, async (down, handled) => {
        const thrown = new (a as Copy).TierUnavailable(down, "away");
        const answer = Promise.reject<string>(thrown).catch((b as Copy).ifDown(handled, () => "fallback"));
        if (handled === "any" || handled === down) expect(await answer).toBe("fallback");
        else await expect(answer).rejects.toBe(thrown);
      }),
    );
    for (const value of OTHERS)
      await expect(Promise.reject<string>(value).catch((b as Copy).ifDown("any", () => "fallback"))).rejects.toBe(
        value,
      );
  });

  it("no code tests for such an error with instanceof", () => {
    const byClass = sourcesUnder(["lib", "app"], () => false).flatMap(({ path, text }) =>
      /instanceof (TierUnavailable|ProblemError)|Symbol\.hasInstance/.test(text) ? [path] : [],
    );
    expect(byClass).toEqual([]);
  });
});
