import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { filesUnder } from "../../support/repository/files-under";
import { bareOpenings, brokenReferences, proseOf, treeOf } from "../../support/repository/references";

const FOLDERS = ["app", "lib", "drizzle", "tests", "bench", "scripts", "docs", "public", ".ci"];
const IN_THE_ROOT = /\.(md|ts|mts|mjs|json|yaml)$|^(Dockerfile|\.env\.example|\.dockerignore|\.npmrc)$/;
const PATHS = [
  ...readdirSync(".").filter((name) => IN_THE_ROOT.test(name)),
  ...FOLDERS.flatMap((folder) => filesUnder(folder)),
];
const TEXTS = /\.(ts|tsx|mts|mjs|sh|md|sql|yml|yaml|css)$|Dockerfile$|\.env\.example$/;
const read = (path: string) => readFileSync(path, "utf8");
const TREE = treeOf(PATHS, read);
/** This file's samples lead nowhere on purpose. */
const SELF = "tests/unit/repository/references.test.ts";
const FILES = PATHS.filter((path) => TEXTS.test(path) && path !== SELF).map((path) => ({ path, text: read(path) }));

describe("references", () => {
  it("lead to files, sections and headings of this repository", () => {
    expect(FILES.length).toBeGreaterThan(800);
    expect(FILES.flatMap((file) => brokenReferences(file, TREE))).toEqual([]);
  });

  const tree = treeOf(
    ["docs/guide.md", "lib/core/key.ts", "app/a/[id]/page.tsx", "tests/unit/a.test.ts"],
    () => "## 1. One\n",
  );

  it.each([
    ["a document", "lib/b.ts", "// See docs/other.md."],
    ["a document by its name alone", "lib/b.ts", "/* as other.md says */"],
    ["a section", "lib/b.ts", "// docs/guide.md §2"],
    ["a source", "lib/b.ts", "// lib/core/other.ts"],
    ["a source, from lib", "lib/b.ts", "// core/other has it"],
    ["a source by its name alone", "lib/b.ts", "// other.ts has it"],
    ["a file in a string", "lib/b.ts", 'const hint = "see lib/core/other.ts";'],
    ["a pattern that nothing fits", "lib/b.ts", "// tests/integration/*.test.ts"],
    ["a link", "docs/b.md", "[x](c/)"],
    ["a heading", "docs/b.md", "[x](guide.md#2-two)"],
    ["an issue", "lib/b.ts", "// Issue 7 wants it."],
  ])("that lead nowhere are found: %s", (_, path, text) => {
    expect(brokenReferences({ path, text }, tree)).toHaveLength(1);
  });

  it.each([
    ["a section", "lib/b.ts", "// (docs/guide.md §1)"],
    ["a source with and without its ending", "lib/b.ts", "// lib/core/key.ts and core/key"],
    ["a folder", "lib/b.ts", "// everything in lib/core"],
    ["a parameter's folder", "docs/b.md", "app/a/[id]/page.tsx"],
    ["patterns", "docs/b.md", "tests/unit/*.test.ts, tests/{unit,e2e}"],
    ["a link to a heading", "docs/b.md", "[x](guide.md#1-one), [y](https://example.org/z.md)"],
    ["code", "lib/b.ts", "const a = mean.sql + other.ts;"],
  ])("that lead somewhere are accepted: %s", (_, path, text) => {
    expect(brokenReferences({ path, text }, tree)).toEqual([]);
  });

  it("are looked for in comments and strings", () => {
    expect(proseOf('a("b"); // c\n/* d */ e').replace(/ +/g, " ")).toBe(" b // c\n/* d */ ");
  });
});

describe("comments", () => {
  it("open with a subject", () => {
    const checked = FILES.filter(({ path }) => !path.endsWith(".md"));
    expect(checked.length).toBeGreaterThan(200);
    expect(checked.flatMap(bareOpenings)).toEqual([]);
  });

  it.each([
    "/** Of no other request. */",
    "// Who waits longest.",
    "/*\n * What it costs.\n */",
    "const a = 1; // Whose it is.",
    "<p>{/* Whom it concerns. */}</p>",
  ])("without a subject are found: %j", (text) => {
    expect(bareOpenings({ path: "a.tsx", text })).toHaveLength(1);
  });

  it.each([
    "// It depends on\n// Who asks.",
    "/* It says\n * What follows. */",
    'const a = "// Who";',
    "/** Office hours. */",
  ])("with a subject are accepted: %j", (text) => {
    expect(bareOpenings({ path: "a.ts", text })).toEqual([]);
  });
});
