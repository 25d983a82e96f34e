import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvValue, csvFileName, csvText } from "@/lib/client/format/csv";

/** Reads CSV as RFC 4180 defines it. */
function parsed(text: string): string[][] {
  const rows: string[][] = [];
  let [row, cell, isQuoted]: [string[], string, boolean] = [[], "", false];
  for (let i = 1; i < text.length; i += 1) {
    const char = text[i] as string;
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text[i + 1] === '"') [cell, i] = [`${cell}"`, i + 1];
      else isQuoted = false;
    } else if (char === '"' && cell === "") isQuoted = true;
    else if (char === ",") [row, cell] = [[...row, cell], ""];
    else if (char === "\r" && text[i + 1] === "\n") {
      rows.push([...row, cell]);
      [row, cell] = [[], ""];
      i += 1;
    } else cell += char;
  }
  return rows;
}

const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), fc.stringMatching(/^[=+@"',\r\n\t a1-]{0,8}$/));
const value = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null));

describe("a table as CSV", () => {
  it("parses back to the same cells, except for the apostrophe before a formula", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value, value), { maxLength: 5 }), (rows) => {
        const [, ...read] = parsed(csvText(["a", "b", "c"], rows));
        const expected = (cell: CsvValue, shown: string) =>
          cell === null ? "" : shown === `'${cell}` && typeof cell === "string" ? shown : String(cell);
        expect(read).toEqual(rows.map((row, i) => row.map((cell, j) => expected(cell, read[i]?.[j] ?? ""))));
      }),
    );
  });

  it("holds no text that a spreadsheet takes for a formula", () => {
    fc.assert(
      fc.property(text, (cell) => {
        const [, [shown = ""] = []] = parsed(csvText(["head"], [[cell]]));
        expect(shown.trimStart()).not.toMatch(/^[=+\-@＝＋－＠]/);
        expect(shown).not.toMatch(/^[\t\r\n]/);
      }),
    );
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    [" =1", `"' =1"`.slice(1, -1)],
    ["\t=1", "'\t=1"],
    [-1, "-1"],
    [null, ""],
    ['say "hi", twice', '"say ""hi"", twice"'],
    ["two\nlines", '"two\nlines"'],
    ["plain", "plain"],
  ])("writes %j as %s", (cell, line) => {
    expect(csvText(["head"], [[cell]])).toBe(`\ufeffhead\r\n${line}\r\n`);
  });

  it("has a file name with the table and the time", () => {
    expect(csvFileName("Tiers of each instance", 0)).toBe("trustmesh-tiers-of-each-instance-1970-01-01T00-00-00Z.csv");
  });
});
