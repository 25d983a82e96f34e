import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  curvesOf,
  DIALS,
  type DialValues,
  inputsOf,
  POSITIONS,
  parseDial,
  parseSetUp,
  planRows,
  planScales,
  positionOf,
  standingAt,
  valueAt,
} from "@/lib/client/admin/capacity";
import { DEFAULT_INPUTS } from "@/lib/core/capacity/inputs";

const start = Object.fromEntries(DIALS.map((dial) => [dial.id, dial.start])) as DialValues;

describe("a dial", () => {
  it.each(DIALS)("$id grows over its whole range and starts within it", (dial) => {
    expect(valueAt(dial, 0)).toBe(dial.least);
    expect(valueAt(dial, POSITIONS)).toBe(dial.most);
    expect(parseDial(dial, String(dial.start))).toBe(dial.start);
    for (let position = 1; position <= POSITIONS; position++)
      expect(valueAt(dial, position)).toBeGreaterThanOrEqual(valueAt(dial, position - 1));
  });

  it("finds the position of a value to within a step", () => {
    fc.assert(
      fc.property(fc.constantFrom(...DIALS), fc.integer({ min: 0, max: POSITIONS }), (dial, position) => {
        const value = valueAt(dial, position);
        expect(valueAt(dial, positionOf(dial, value))).toBeCloseTo(value, -Math.log10(value / 10 + 1) - 0.5);
      }),
    );
  });

  it.each([null, "", " ", "x", "-1", "1e12", "NaN"])("uses its default when the address says %j", (text) => {
    for (const dial of DIALS) expect(parseDial(dial, text)).toBe(dial.start);
  });
});

describe("the model in the page", () => {
  it("uses the model's defaults without a change", () => {
    expect(inputsOf({ ...start, users: DEFAULT_INPUTS.users }, parseSetUp(null))).toEqual(DEFAULT_INPUTS);
  });

  it("gives the four scales of the plan", () => {
    expect(planScales(inputsOf(start, "vercel")).map(({ users }) => users)).toEqual([
      10_000, 100_000, 1_000_000, 10_000_000,
    ]);
  });

  it.each([
    ["aws", "aws"],
    ["vercel", "vercel"],
    ["", "vercel"],
    ["azure", "vercel"],
  ])("takes the set-up %j of the address as %s", (text, setUp) => {
    expect(parseSetUp(text)).toBe(setUp);
    expect(inputsOf(start, parseSetUp(text)).settings.hasDoorbell).toBe(setUp === "aws");
  });

  it("shows the plan's cells on both set-ups, whichever is chosen, with storage once", () => {
    const rows = planRows(inputsOf(start, "aws"));
    expect(rows.map(({ what, setUp }) => [what, setUp])).toEqual([
      ["storage", "vercel"],
      ["dollars", "vercel"],
      ["dollars", "aws"],
    ]);
    expect(rows).toEqual(planRows(inputsOf(start, "vercel")));
    for (const { cells } of rows)
      for (const { value, cell } of cells) if (cell !== null) expect(cell.isMet).toBe(value <= cell.goal);
    expect(rows[1]?.cells.at(-1)?.cell).toBeNull();
  });

  it("leaves out zeros, because its scale is logarithmic", () => {
    const { users, costs } = curvesOf(inputsOf(start, "aws"));
    for (const { usd } of costs) {
      expect(usd).toHaveLength(users.length);
      expect(usd.every((value) => value === null || value > 0)).toBe(true);
    }
  });

  it("names the limit that breaks first, before and after it breaks", () => {
    const few = standingAt(inputsOf({ ...start, users: 1_000 }, "vercel"));
    const many = standingAt(inputsOf({ ...start, users: 10_000_000 }, "vercel"));
    const [first] = many.limits;
    expect(few.isBroken).toBe(false);
    expect(few.sentence).toMatch(/^Nothing is broken at 1K users\. The first limit to break is/);
    expect(many.isBroken).toBe(true);
    expect(many.sentence).toContain(`The first limit to break is "${first?.name}"`);
    expect(many.sentence).toContain(first?.remedy);
    expect(many.limits.map(({ breaksAtUsers }) => breaksAtUsers)).toEqual(
      many.limits.map(({ breaksAtUsers }) => breaksAtUsers).sort((a, b) => a - b),
    );
  });
});
