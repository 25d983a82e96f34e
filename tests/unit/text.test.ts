import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanText } from "@/lib/core/text";

describe("text from the ledger", () => {
  it.each([
    ["a bidi override", "Alice\u202e evil", "Alice evil"],
    ["line breaks and tabs", "Alice\r\n\tChen", "Alice Chen"],
    ["a null byte", "Al\u0000ice", "Al ice"],
    ["a zero-width space", "Al\u200bice", "Al ice"],
    ["a lone surrogate", "Al\ud800ice", "Al\ufffdice"],
    ["outer space", "  Alice  ", "Alice"],
  ])("makes %s harmless", (_, dirty, clean) => {
    expect(cleanText(dirty, 50)).toBe(clean);
  });

  it("keeps what makes an emoji one", () => {
    for (const emoji of ["👩‍🚀", "❤️", "🏳️‍🌈", "👍🏽"]) expect(cleanText(emoji, 10)).toBe(emoji);
  });

  it.each([[""], ["   "], ["\u200d"], ["\u200d\ufe0f \u0301"], ["\u0000\u202e"]])(
    "is null where nothing shows: %j",
    (text) => {
      expect(cleanText(text, 50)).toBeNull();
    },
  );

  it.each([[null], [undefined], [5], [{}], [["a"]]])("is null for %j, which is no text", (value) => {
    expect(cleanText(value, 50)).toBeNull();
  });

  it("cuts between characters, never inside one", () => {
    expect(cleanText("🦊".repeat(30), 5)).toBe("🦊".repeat(5));
    expect(cleanText("abcdef", 3)).toBe("abc");
    expect(cleanText("ab cdef", 3)).toBe("ab");
  });

  it("is well-formed, bounded, on one line, and the same when cleaned again, whatever comes in", () => {
    const anyText = fc.oneof(fc.string({ unit: "binary", maxLength: 100 }), fc.string({ maxLength: 200 }));
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 80 }), (dirty, max) => {
        const clean = cleanText(dirty, max);
        if (clean === null) return;
        expect([...clean].length).toBeLessThanOrEqual(max);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean.replaceAll("\u200d", "")).not.toMatch(/[\p{C}\n\r]| {2}|^ | $/u);
        expect(cleanText(clean, max)).toBe(clean);
      }),
    );
  });
});
