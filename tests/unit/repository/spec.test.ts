import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Invariants of docs/SPEC.md whose own tests are still to come. Empty this as they come. */
const PENDING: readonly string[] = [];

/** A sentence of SPEC.md is read at a glance. */
const MAX_CHARACTERS = 160;

interface Invariant {
  readonly name: string;
  /** The sentence, and those that say more of it. */
  readonly sentences: readonly string[];
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

/** An invariant is a line `- **S1.** Sentence.`; below it, indented, sentences that say more, and one line for each test. */
function parse(markdown: string): readonly Invariant[] {
  return [...markdown.matchAll(/^- \*\*(S\d+)\.\*\* (.*(?:\n {2}.*)*)/gm)].map(([, name = "", block = ""]) => ({
    name,
    sentences: block
      .split("\n")
      .map((line) => line.replace(/^ {2}- /, "").replace(/ — `tests\/.*$/, ""))
      .filter((line) => !line.startsWith("`tests/")),
    tests: [...block.matchAll(/`(tests\/[^`]+)` "([^"]+)"/g)].map(([, file = "", title = ""]) => ({ file, title })),
  }));
}

/** Why an invariant is not held; null where each test that it names is there. */
function missing({ name, tests }: Invariant): string | null {
  if (tests.length === 0) return PENDING.includes(name) ? null : `${name} names no test`;
  for (const { file, title } of tests) {
    if (!existsSync(file)) return `${name}: there is no ${file}`;
    if (!readFileSync(file, "utf8").includes(`"${title}"`)) return `${name}: ${file} has no test "${title}"`;
  }
  return null;
}

describe("docs/SPEC.md", () => {
  const invariants = parse(readFileSync("docs/SPEC.md", "utf8"));

  it("numbers its invariants from one on", () => {
    expect(invariants.length).toBeGreaterThan(50);
    expect(invariants.map(({ name }) => name)).toEqual(invariants.map((_, i) => `S${i + 1}`));
  });

  it("names tests that exist, by their titles", () => {
    expect(invariants.map(missing).filter((problem) => problem !== null)).toEqual([]);
  });

  it("has one short sentence in each line", () => {
    const sentences = invariants.flatMap((invariant) => invariant.sentences);
    expect(sentences.filter((sentence) => sentence.length > MAX_CHARACTERS)).toEqual([]);
    expect(sentences.filter((sentence) => !/[.:]$/.test(sentence))).toEqual([]);
  });

  it("marks exactly the pending invariants", () => {
    const isMarked = ({ sentences }: Invariant) => sentences.some((sentence) => sentence.includes("(pending)"));
    expect(invariants.filter(isMarked).map(({ name }) => name)).toEqual(PENDING);
  });

  it("has a sentence, details and tests in each entry", () => {
    const [first, second, ...rest] = parse(
      '- **S1.** One.\n  - More.\n  - `tests/a.test.ts` "a"\n  - `tests/b.test.ts` "b"\n- **S2.** Two. — `tests/a.test.ts` "c"\n',
    );
    expect(first).toEqual({
      name: "S1",
      sentences: ["One.", "More."],
      tests: [
        { file: "tests/a.test.ts", title: "a" },
        { file: "tests/b.test.ts", title: "b" },
      ],
    });
    expect(second).toEqual({ name: "S2", sentences: ["Two."], tests: [{ file: "tests/a.test.ts", title: "c" }] });
    expect(rest).toEqual([]);
  });

  it("fails this test if it names a test that does not exist", () => {
    const problem = (...tests: Invariant["tests"]) => missing({ name: "S1", sentences: [], tests });
    const title = ["no", "such", "title"].join(" ");
    expect(problem({ file: "tests/unit/repository/spec.test.ts", title })).toContain("has no test");
    expect(problem({ file: "tests/none.test.ts", title })).toContain("there is no");
    expect(problem()).toContain("names no test");
  });
});
