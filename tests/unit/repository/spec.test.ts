import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Invariants of docs/SPEC.md whose own tests are still to come. Empty this as they come. */
const PENDING: readonly string[] = [];

interface Invariant {
  readonly name: string;
  readonly text: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

function parse(markdown: string): readonly Invariant[] {
  return [...markdown.matchAll(/^- \*\*(S\d+)\.\*\* (.*)$/gm)].map(([, name = "", text = ""]) => ({
    name,
    text,
    tests: [...text.matchAll(/`(tests\/[^`]+)` "([^"]+)"/g)].map(([, file = "", title = ""]) => ({ file, title })),
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

  it("marks as pending exactly what is", () => {
    expect(invariants.filter(({ text }) => text.includes("*(pending)*")).map(({ name }) => name)).toEqual(PENDING);
  });

  it("would be found out if it named a test that is not there", () => {
    const problem = (...tests: Invariant["tests"]) => missing({ name: "S1", text: "", tests });
    const title = ["no", "such", "title"].join(" ");
    expect(problem({ file: "tests/unit/repository/spec.test.ts", title })).toContain("has no test");
    expect(problem({ file: "tests/none.test.ts", title })).toContain("there is no");
    expect(problem()).toContain("names no test");
  });
});
