import { describe, expect, it } from "vitest";
import {
  barrelViolations,
  clockViolations,
  laxTypeViolations,
  layerOf,
  lengthViolations,
  MAX_LINES,
  serverOnlyViolations,
  WALL_CLOCK_USES,
  wallClockViolations,
} from "./support/repository/architecture";
import { codeOf, type SourceFile, sourcesUnder } from "./support/repository/source";

const isMigration = (path: string) => path.startsWith("drizzle/migrations");
const OURS = sourcesUnder(["app", "lib", "drizzle", "tests", "bench", "scripts"], isMigration);
const PRODUCT = OURS.filter(({ path }) => /^(app|lib|drizzle)\//.test(path));

const check = (rule: (file: SourceFile) => readonly string[], files: readonly SourceFile[]) => files.flatMap(rule);
const file = (path: string, text: string): SourceFile => ({ path, text });

it("looks at the whole repository", () => {
  const layers = new Set(PRODUCT.map(({ path }) => layerOf(path).split("/")[0]));
  for (const layer of ["core", "ports", "engine", "adapters", "wire", "devnet", "server", "client", "drizzle"]) {
    expect(layers).toContain(layer);
  }
  for (const layer of ["primitives", "ui", "routes", "pages"]) expect(layers).toContain(layer);
});

describe("time and chance", () => {
  it("come into core, ports and engine as data", () => {
    expect(check(clockViolations, PRODUCT)).toEqual([]);
  });

  it.each([
    "const now = Date.now();",
    "const now = new Date();",
    "const chance = Math.random();",
    "setTimeout(run, 5);",
    "const { env } = process.env;",
    "const at = performance.now();",
    "const answer = await fetch(url);",
    "const id = randomUUID();",
  ])("are caught: %s", (text) => {
    expect(clockViolations(file("lib/core/x.ts", text))).toHaveLength(1);
    expect(clockViolations(file("lib/engine/x.ts", text))).toHaveLength(1);
    expect(clockViolations(file("lib/server/x.ts", text))).toEqual([]);
  });

  it("are measured by a clock that never steps, except for times that are shown, stored or compared with the ledger", () => {
    expect(wallClockViolations(OURS)).toEqual([]);
  });

  it.each([
    "const untilMs = this.deps.clock.now() + WAIT_MS;",
    "const now = () => Date.now();",
    "const { now = Date.now } = this.options;",
    "const at = new Date();",
  ])("are caught where they may step: %s", (text) => {
    const listed = OURS.filter(({ path }) => path in WALL_CLOCK_USES);
    expect(wallClockViolations([...listed, file("lib/engine/reads/single-flight.ts", text)])).toHaveLength(1);
  });

  it("are no matter in comments and strings", () => {
    const text = '// Date.now() is the process. Math.random too\nconst hint = "setTimeout";\nconst d = new Date(ms);';
    expect(clockViolations(file("lib/core/x.ts", text))).toEqual([]);
  });
});

describe("files", () => {
  it(`have at most ${MAX_LINES} lines`, () => {
    expect(check(lengthViolations, OURS)).toEqual([]);
  });

  it("are caught when they grow over that", () => {
    expect(lengthViolations(file("lib/core/x.ts", "a\n".repeat(400)))).toEqual([]);
    expect(lengthViolations(file("lib/core/x.ts", "a\n".repeat(401)))).toHaveLength(1);
  });

  it("have something of their own: there are no barrels", () => {
    expect(check(barrelViolations, PRODUCT)).toEqual([]);
  });

  it.each([
    'export * from "./a";\nexport * from "./b";',
    '/** All of it. */\nexport { a } from "./a";',
    'import { a } from "./a";\nexport { a };',
    'export type { A } from "./a"\nexport { b } from "./b"',
  ])("are caught as barrels: %s", (text) => {
    expect(barrelViolations(file("lib/core/index.ts", text))).toHaveLength(1);
  });

  it("may hand on something beside their own", () => {
    expect(barrelViolations(file("lib/core/x.ts", 'export { a } from "./a";\nexport const b = 1;'))).toEqual([]);
    expect(barrelViolations(file("tests/x.ts", 'import "./a";'))).toEqual([]);
  });

  it("of lib/server say first that they are for the server only", () => {
    expect(check(serverOnlyViolations, PRODUCT)).toEqual([]);
  });

  it("of lib/server are caught when they do not", () => {
    expect(
      serverOnlyViolations(file("lib/server/x.ts", 'import { z } from "zod";\nimport "server-only";')),
    ).toHaveLength(1);
    expect(serverOnlyViolations(file("lib/server/x.ts", '// import "server-only";\nconst a = 1;'))).toHaveLength(1);
    expect(serverOnlyViolations(file("lib/server/x.ts", '/** What it is. */\nimport "server-only";'))).toEqual([]);
  });
});

describe("types", () => {
  it("are neither loosened nor silenced in app and lib", () => {
    expect(check(laxTypeViolations, PRODUCT)).toEqual([]);
  });

  it.each([
    "const a: any = 1;",
    "const a = b as any;",
    "function f(a: any) {}",
    "const a: any[] = [];",
    "type A = Record<string, any>;",
    "type B = Promise<any>;",
    "type C = string | any;",
    "// biome-ignore lint/suspicious/noExplicitAny: \nlet a: any;",
    "// biome-ignore lint/suspicious/noExplicitAny: far away\n\nlet a: any;",
    "// @ts-ignore",
    "/* @ts-nocheck */",
  ])("are caught: %s", (text) => {
    expect(laxTypeViolations(file("lib/core/x.ts", text))).toHaveLength(1);
  });

  it("may be left open where the line above says why", () => {
    const text = "// biome-ignore lint/suspicious/noExplicitAny: a table of all types\nlet a: Map<any, any>;";
    expect(laxTypeViolations(file("lib/core/x.ts", text))).toEqual([]);
  });

  it.each(["AbortSignal.any([a, b])", "<p>Not any, as any friend knows.</p>", "// any: as any", 'const a = ": any";'])(
    "are not seen in %s",
    (text) => {
      expect(laxTypeViolations(file("app/x.tsx", text))).toEqual([]);
    },
  );
});

describe("the scan", () => {
  it("keeps strings apart from comments, and expressions from both", () => {
    const text = 'const a = "//"; // b\nconst c = /["\'`]/g; /* d */ const e = `/* f */`;';
    expect(codeOf(text).replace(/\s+/g, " ")).toBe('const a = "//"; const c = /["\'`]/g; const e = `/* f */`;');
  });

  it("is not led astray by an apostrophe between tags", () => {
    const text = "<p>It's here</p>;\nimport { x } from \"./x\"; // it's not\n<b>don't</b>;";
    expect(codeOf(text)).toContain('import { x } from "./x";');
    expect(codeOf(text)).not.toContain("it's not");
  });
});
