import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanText } from "@/lib/core/signals/text";

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

  it("keeps the characters that join an emoji", () => {
    for (const emoji of ["👩‍🚀", "❤️", "🏳️‍🌈", "👍🏽"]) expect(cleanText(emoji, 10)).toBe(emoji);
  });

  it.each([
    ["Persian, with its zero-width non-joiner", "علی\u200cرضا"],
    ["Persian, with a mark before it", "می\u064e\u200cشود"],
    ["Sinhala, with a joiner", "ශ්\u200dරී"],
    ["Hindi, with a joiner", "क्\u200dष"],
    ["the flag of Scotland", "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}"],
    ["the flag of Wales", "🏴\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}"],
    ["a key of a keyboard", "1\ufe0f\u20e3"],
    ["a heart as text", "❤\ufe0e"],
    ["a family of several", "👨🏽\u200d👩🏽\u200d👧"],
    ["a variant of an ideograph", "葛\u{E0100}"],
    ["Mongolian with a variant", "ᠠ\u180b"],
    ["Hebrew with points", "שָׁלוֹם"],
    ["Thai", "สวัสดี"],
    ["Vietnamese, decomposed", "Nguye\u0302\u0303n"],
    ["Korean", "김민수"],
    ["an Arabic sign that stands before a number", "\u0600\u0661"],
  ])("keeps characters that its script needs: %s", (_, name) => {
    expect(cleanText(name, 50)).toBe(name);
  });

  it.each([
    ["a joiner between Latin letters", "Al\u200dice", "Alice"],
    ["a non-joiner between Latin letters", "Al\u200cice", "Alice"],
    ["a joiner at the end", "علی\u200c", "علی"],
    ["two joiners in a row", "ع\u200c\u200cع", "عع"],
    ["a selector after a letter", "Alice\ufe0f", "Alice"],
    ["a second selector", "❤\ufe0f\ufe0f", "❤\ufe0f"],
    ["text in tags", "Hi\u{E0061}\u{E0062}\u{E007F}", "Hi"],
    ["text in tags behind a flag", `🏴${"\u{E0061}".repeat(9)}\u{E007F}`, "🏴"],
    ["a filler of Hangul", "Alice\u3164", "Alice"],
    ["a blank of Braille", "Alice\u2800Chen", "Alice Chen"],
    ["a joiner of graphemes", "Al\u034fice", "Alice"],
  ])("removes characters without effect: %s", (_, dirty, clean) => {
    expect(cleanText(dirty, 50)).toBe(clean);
  });

  it("cuts no flag or family in the middle", () => {
    const scotland = "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}";
    expect(cleanText(`ab${scotland}`, 5)).toBe("ab");
    expect(cleanText("ab👨\u200d👩\u200d👧", 4)).toBe("ab");
  });

  const BLANKS = ["\u3164", "\u2800", "\u0301", "\u115f\u1160", "\uffa0", "\u034f", "\u17b4", "\ufe0f", "\u{E0100}"];
  const MORE_BLANKS = ["\u{1D159}", "\u{16FE4}", "\u{13441}", "\u180e", "\u061c", "\u{E0061}", "\u200c", "\u2060"];
  it.each([...BLANKS, ...MORE_BLANKS])("is null if it is %j alone", (blank) => {
    expect(cleanText(blank, 50)).toBeNull();
    expect(cleanText(` ${blank}${blank} `, 50)).toBeNull();
  });

  it.each([[""], ["   "], ["\u200d"], ["\u200d\ufe0f \u0301"], ["\u0000\u202e"]])(
    "is null if nothing is visible: %j",
    (text) => {
      expect(cleanText(text, 50)).toBeNull();
    },
  );

  it.each([[null], [undefined], [5], [{}], [["a"]]])("is null for %j, which is not text", (value) => {
    expect(cleanText(value, 50)).toBeNull();
  });

  it("cuts between characters, never inside one", () => {
    expect(cleanText("🦊".repeat(30), 5)).toBe("🦊".repeat(5));
    expect(cleanText("abcdef", 3)).toBe("abc");
    expect(cleanText("ab cdef", 3)).toBe("ab");
  });

  it("is well-formed, bounded, on one line, and the same when cleaned again, for any input", () => {
    const tricky = fc.constantFrom(
      ..."a1 عक्❤👩🏽🏴葛ᠠ\u0301\u200c\u200d\u034f\u3164\u2800\ufe0e\ufe0f\u180b\u202e\u{E0061}\u{E007F}\u{E0100}",
    );
    const anyText = fc.oneof(
      fc.string({ unit: "binary", maxLength: 100 }),
      fc.string({ maxLength: 200 }),
      fc.string({ unit: tricky, maxLength: 60 }),
    );
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 80 }), (dirty, max) => {
        const clean = cleanText(dirty, max);
        if (clean === null) return;
        expect([...clean].length).toBeLessThanOrEqual(max);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(
          /\n|\r| {2}|^ | $|\p{Cc}|\p{Cs}|\p{Co}|[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069]/u,
        );
        expect(cleanText(clean, max)).toBe(clean);
      }),
    );
  });
});
