/** One bounded line of what somebody wrote, which says where it was cut. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { plainText, shortened } from "@/lib/client/format/plain-text";

it("is the whole text if it fits, and otherwise its beginning with a mark", () => {
  expect(plainText("a".repeat(80), 80)).toBe("a".repeat(80));
  expect(plainText("a".repeat(81), 80)).toBe(`${"a".repeat(80)}…`);
  expect(plainText("abc  def", 4)).toBe("abc…");
  expect(plainText("🤝🤝🤝", 2)).toBe("🤝🤝…");
});

it("is one line without what cannot be seen, or null", () => {
  expect(plainText(" a\n\tb\u202ec ", 80)).toBe("a b c");
  for (const nothing of ["", " \u200b", 5, null, undefined, {}]) expect(plainText(nothing, 80)).toBeNull();
});

it("is shortened to a beginning of the text, and has a mark only if something is missing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(20), (text, most) => {
      const short = shortened(text, most);
      const isWhole = [...text].length <= most;
      if (isWhole) expect(short).toBe(text);
      else {
        expect(short.endsWith("…")).toBe(true);
        expect([...short].length).toBeLessThanOrEqual(most + 1);
        expect(text).toContain(short.slice(0, -1));
      }
    }),
  );
});
