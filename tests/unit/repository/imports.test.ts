/** The rules of .dependency-cruiser.cjs, held against a small tree of files that break them, and of files that do not. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cruiser } from "@/scripts/build/imports/cruiser";

/** A description, a path and the file's text. The test replaces `x` by a name of its own. */
type Example = readonly [what: string, path: string, text: string];

const BROKEN: readonly Example[] = [
  ["core that imports ports", "lib/core/x.ts", 'import type { Clock } from "../ports/clock";'],
  ["core that imports a package", "lib/core/x.ts", 'import { z } from "zod";'],
  ["core that imports node", "lib/core/x.ts", 'import { hash } from "node:crypto";'],
  ["core that imports next for its types", "lib/core/x.ts", 'import type { NextRequest } from "next/server";'],
  ["ports that run core", "lib/ports/x.ts", 'import { ok } from "../core/result";'],
  ["engine that imports an adapter", "lib/engine/x.ts", 'import { x } from "../adapters/memory/system-clock";'],
  ["engine that imports a file system", "lib/engine/x.ts", 'import fs from "node:fs";'],
  ["an adapter that imports another", "lib/adapters/hedera/x.ts", 'import { x } from "../memory/system-clock";'],
  ["an adapter that imports engine", "lib/adapters/mirror/x.ts", 'import { x } from "@/lib/engine/sync/topic/commit";'],
  ["another adapter than postgres with drizzle", "lib/adapters/redis/x.ts", 'import "@/drizzle/schema";'],
  ["wire that imports server", "lib/wire/x.ts", 'import { x } from "@/lib/server/config/env";'],
  ["devnet that imports an adapter", "lib/devnet/rest/x.ts", 'import { x } from "../../adapters/mirror/mirror-json";'],
  ["system that imports core", "lib/system/x.ts", 'import { ok } from "../core/result";'],
  ["engine that imports system", "lib/engine/x.ts", 'import { x } from "../system/directory-lock";'],
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
  ["a product file that imports scripts", "app/x/page.tsx", 'import { x } from "../../scripts/operator/topic-input";'],
  ["a product file that requires bench", "lib/devnet/x.ts", 'const x = require("../../bench/rows");'],
  ["an import over several lines", "lib/core/x.ts", 'import {\n  a,\n  type B,\n} from "../ports/clock";'],
];

const ALLOWED: readonly Example[] = [
  ["core for its own", "lib/core/x.ts", 'import { ok } from "./result";'],
  ["ports with core's types", "lib/ports/x.ts", 'import { type Result, type B } from "../core/result";'],
  ["postgres with drizzle", "lib/adapters/postgres/x.ts", 'import { topics } from "../../../drizzle/schema";'],
  ["an adapter with system", "lib/adapters/postgres/x.ts", 'import { x } from "../../system/directory-lock";'],
  ["the one door to next", "lib/server/http/next-route.ts", 'import { after } from "next/server";'],
  ["the browser's own proof", "lib/client/x.ts", 'import { equalBytes } from "@/lib/core/ledger/running-hash";'],
  [
    "a page with client and ui",
    "app/x/page.tsx",
    'import { A } from "../_ui/shell/a";\nimport "@/lib/client/api/http";',
  ],
  ["tests with anything", "tests/x.test.ts", 'import { a } from "@/lib/server/config/env";'],
  ["a comment", "lib/core/x.ts", '// import { z } from "zod";\n/* import "next"; */'],
];

interface Dependency {
  readonly module: string;
  readonly couldNotResolve: boolean;
  readonly rules?: readonly { readonly name: string }[];
}
interface Cruised {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly Dependency[] }[];
}

const tree = realpathSync(mkdtempSync(join(tmpdir(), "tm-imports-")));
let found = new Map<string, readonly Dependency[]>();

function write(path: string, text: string): void {
  mkdirSync(join(tree, dirname(path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

/** Writes an example under a name of its own, and empty files where it imports ours. Returns its path. */
function place([, path, text]: Example, name: string): string {
  const own = path.replace(/\bx\b/, name);
  for (const [, specifier = ""] of text.matchAll(/["']((?:@|\.{1,2})\/[^"']+)["']/g)) {
    const target = specifier.startsWith("@/") ? specifier.slice(2) : join(dirname(own), specifier);
    write(`${target}.ts`, "export {};\n");
  }
  write(own, `${text}\n`);
  return own;
}

const paths = new Map<Example, string>();
const pathOf = (what: string) => [...paths].find(([[name]]) => name === what)?.[1] ?? "";
beforeAll(async () => {
  for (const [i, example] of [...BROKEN, ...ALLOWED].entries()) paths.set(example, place(example, `example${i}`));
  write("lib/server/circle-a.ts", 'import type { B } from "./circle-b";\nexport type A = B;\n');
  write("lib/server/circle-b.ts", 'import type { A } from "./circle-a";\nexport type B = A;\n');
  cpSync("tsconfig.json", join(tree, "tsconfig.json"));
  symlinkSync(resolve("node_modules"), join(tree, "node_modules"));
  const args = [cruiser(), "--config", resolve(".dependency-cruiser.cjs"), "-T", "json", "app", "lib", "tests"];
  const run = await promisify(execFile)(process.execPath, args, { cwd: tree, maxBuffer: 64e6 }).catch(
    (failure) => failure,
  );
  const { modules } = JSON.parse(run.stdout) as Cruised;
  found = new Map(modules.map(({ source, dependencies }) => [source, dependencies]));
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** Names of the rules that a file breaks. */
function brokenBy(path: string): readonly string[] {
  const dependencies = found.get(path);
  if (dependencies === undefined) throw new Error(`${path} was not read`);
  return dependencies.flatMap(({ rules = [] }) => rules.map(({ name }) => name));
}

it.each(BROKEN)("a rule is broken by %s", (what) => {
  expect(brokenBy(pathOf(what)).filter((name) => name !== "no-unresolvable")).not.toEqual([]);
});

it.each(ALLOWED)("no rule is broken by %s", (what) => {
  expect(brokenBy(pathOf(what))).toEqual([]);
});

it("a cycle of type-only imports breaks a rule", () => {
  expect(brokenBy("lib/server/circle-a.ts")).toContain("no-circles");
});
