import { describe, expect, it } from "vitest";
import {
  ago,
  bytes,
  compact,
  counted,
  dollars,
  durationText,
  percent,
  rate,
  UNKNOWN,
  whole,
} from "@/lib/client/format/numbers";

describe("number formats", () => {
  it.each([whole, compact, percent, bytes, durationText, rate])(
    "%o: an unknown value is a dash, never a zero",
    (words) => {
      expect(words(null)).toBe(UNKNOWN);
      expect(words(0)).toMatch(/^0/);
    },
  );

  it("a share is 100 % only if nothing is missing", () => {
    expect(percent(1)).toBe("100 %");
    expect(percent(0.999_99)).toBe("99.99 %");
    expect(percent(0.996)).toBe("99.6 %");
    expect(percent(0.5)).toBe("50 %");
    expect(percent(0.0123)).toBe("1.2 %");
    expect(percent(0.000_01)).toBe("under 0.1 %");
  });

  it("bytes are decimal, with at most three digits", () => {
    expect(bytes(528)).toBe("528 B");
    expect(bytes(1_500_000)).toBe("1.5 MB");
    expect(bytes(999_999)).toBe("1 MB");
    expect(bytes(27_700_000_000)).toBe("27.7 GB");
  });

  it("times have the unit that fits them", () => {
    expect(durationText(0.0521)).toBe("0.052 ms");
    expect(durationText(999.6)).toBe("1 s");
    expect(durationText(2_540)).toBe("2.5 s");
    expect(durationText(119_000)).toBe("119 s");
    expect(durationText(240_000)).toBe("4 min");
    expect(durationText(3 * 3_600_000)).toBe("3 h");
    expect(durationText(3 * 86_400_000)).toBe("3 days");
  });

  it("a time within the last second is just now, even if another clock is ahead", () => {
    expect([-5_000, 0, 7, 999].map(ago)).toEqual(Array(4).fill("just now"));
    expect(ago(1_000)).toBe("1 s ago");
  });

  it("dollars have cents where they matter", () => {
    expect([dollars(null), dollars(3e-7)]).toEqual(["–", "under $0.0001"]);
    expect(dollars(0)).toBe("$0");
    expect(dollars(0.000_412)).toBe("$0.00041");
    expect(dollars(1.2)).toBe("$1.20");
    expect(dollars(75)).toBe("$75");
    expect(dollars(42_012)).toBe("$42,000");
  });

  it("a count of one takes the singular", () => {
    expect(counted(1, "message")).toBe("1 message");
    expect(counted(1_200, "message")).toBe("1,200 messages");
  });
});
