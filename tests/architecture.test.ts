import { describe, expect, it } from "vitest";
import {
  barrelViolations,
  clockViolations,
  importViolations,
  laxTypeViolations,
  layerOf,
  lengthViolations,
  MAX_LINES,
  serverOnlyViolations,
  WALL_CLOCK_USES,
  wallClockViolations,
} from "./support/repository/architecture";
import { codeOf, importsOf, type SourceFile, sourcesUnder } from "./support/repository/source";

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
  // A scan that saw no imports would hold any table.
  expect(PRODUCT.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(500);
});

describe("imports", () => {
  it("follow the table of the design", () => {
    expect(check(importViolations, PRODUCT)).toEqual([]);
  });

  it.each([
    ["core that imports ports", "lib/core/x.ts", 'import type { Clock } from "../ports/clock";'],
    ["core that imports a package", "lib/core/x.ts", 'import { z } from "zod";'],
    ["core that imports node", "lib/core/x.ts", 'import { hash } from "node:crypto";'],
    ["core that imports next for its types", "lib/core/x.ts", 'import type { NextRequest } from "next/server";'],
    ["ports that run core", "lib/ports/x.ts", 'import { ok } from "../core/result";'],
    ["engine that imports an adapter", "lib/engine/x.ts", 'import { x } from "../adapters/memory/system-clock";'],
    ["engine that imports a file system", "lib/engine/x.ts", 'import fs from "node:fs";'],
    ["an adapter that imports another", "lib/adapters/hedera/x.ts", 'import { x } from "../memory/system-clock";'],
    ["an adapter that imports engine", "lib/adapters/mirror/x.ts", 'import { x } from "@/lib/engine/sync/commit";'],
    ["another adapter than postgres with drizzle", "lib/adapters/upstash/x.ts", 'import "@/drizzle/schema";'],
    ["wire that imports server", "lib/wire/x.ts", 'import { x } from "@/lib/server/config/env";'],
    [
      "devnet that imports an adapter",
      "lib/devnet/rest/x.ts",
      'import { x } from "../../adapters/mirror/mirror-json";',
    ],
    ["server that imports client", "lib/server/x.ts", 'import { x } from "../client/http";'],
    ["server that imports next", "lib/server/routes/x.ts", 'import { cookies } from "next/headers";'],
    ["client that imports server", "lib/client/x.ts", 'import type { Env } from "@/lib/server/config/env";'],
    ["client that runs core", "lib/client/x.ts", 'import { contactsView } from "@/lib/core/signals/views";'],
    ["client that imports node", "lib/client/x.ts", 'import { hash } from "node:crypto";'],
    ["a primitive that imports ours", "app/_ui/primitives/x.tsx", 'import { x } from "@/lib/client/api/http";'],
    ["a feature that imports server", "app/_ui/features/x.tsx", 'const x = await import("@/lib/server/config/env");'],
    ["a route that imports an adapter", "app/api/x/route.ts", 'import { x } from "@/lib/adapters/mirror/mirror-json";'],
    ["a route that imports client", "app/api/x/route.ts", 'export { x } from "@/lib/client/api/http";'],
    ["a page that imports engine", "app/x/page.tsx", "import { x } from '@/lib/engine/writes/submit';"],
    ["a product file that imports tests", "lib/server/x.ts", 'import { x } from "@/tests/support/mirrors/chain";'],
    [
      "a product file that imports scripts",
      "app/x/page.tsx",
      'import { x } from "../../scripts/operator/topic-input";',
    ],
    ["a product file that requires bench", "lib/devnet/x.ts", 'const x = require("../../bench/rows");'],
    ["an import over several lines", "lib/core/x.ts", 'import {\n  a,\n  type B,\n} from "../ports/clock";'],
  ])("catch %s", (_, path, text) => {
    expect(importViolations(file(path, text))).toHaveLength(1);
  });

  it.each([
    ["core for its own", "lib/core/x.ts", 'import { ok } from "./result";'],
    ["ports with core's types", "lib/ports/x.ts", 'import { type Result, type B } from "../core/result";'],
    ["postgres with drizzle", "lib/adapters/postgres/x.ts", 'import { topics } from "../../../drizzle/schema";'],
    ["the one door to next", "lib/server/http/next-route.ts", 'import { after } from "next/server";'],
    ["the browser's own proof", "lib/client/x.ts", 'import { equalBytes } from "@/lib/core/ledger/running-hash";'],
    [
      "a page with client and ui",
      "app/x/page.tsx",
      'import { A } from "../_ui/shell/a";\nimport "@/lib/client/api/http";',
    ],
    ["tests with anything", "tests/x.test.ts", 'import { a } from "@/lib/server/config/env";'],
    ["a comment", "lib/core/x.ts", '// import { z } from "zod";\n/* import "next"; */'],
  ])("let %s pass", (_, path, text) => {
    expect(importViolations(file(path, text))).toEqual([]);
  });
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
    expect(importsOf(text)).toEqual([{ specifier: "./x", isType: false }]);
  });
});
