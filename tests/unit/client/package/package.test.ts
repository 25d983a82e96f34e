/** The package of docs/integrations/client.md: its content, what it asks for, and that the document's examples compile against it. */
import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";
import { satisfies } from "semver";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE, withRelativeImports } from "@/scripts/build/client/package";
import { type Application, applicationWithClient } from "../../../support/client/application";

const DOCUMENT = readFileSync("docs/integrations/client.md", "utf8");
const EXAMPLES = [...DOCUMENT.matchAll(/^```tsx?\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
const TYPES_OF_REACT = ["@types/react", "csstype"];

let app: Application;
let script = "";
beforeAll(async () => {
  app = await applicationWithClient("use-sync-external-store", "dequal", ...TYPES_OF_REACT);
  script = readFileSync(join(app.packageFolder, "index.js"), "utf8");
});
afterAll(() => app.remove());

const read = (name: string) => readFileSync(join(app.packageFolder, name), "utf8");

/** Checks each text as a module of the application, in a folder of its own. Resolves with what the compiler says, or with "". */
function compile(
  name: string,
  modules: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<string> {
  const folder = join(app.folder, name);
  mkdirSync(folder);
  for (const [i, text] of modules.entries()) writeFileSync(join(folder, `example-${i + 1}.tsx`), text);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const compilerOptions = {
    ...{ target: "es2022", lib: ["dom", "dom.iterable", "es2022"], jsx: "react-jsx", types: [] },
    ...{ strict: true, noEmit: true, ...options },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.tsx"] }));
  const compiler = resolve("node_modules", "typescript", "bin", "tsc");
  return new Promise((done) => execFile(process.execPath, [compiler, "-p", folder], (_, out) => done(out)));
}

const BUNDLER = { module: "esnext", moduleResolution: "bundler" };
const NODE = { module: "nodenext", moduleResolution: "nodenext" };

describe("the client package", () => {
  it("contains the client, the wire types and the core alone, without the operators' code", () => {
    expect(app.built.inputs).toContain("lib/client/index.ts");
    expect(
      app.built.inputs.filter((path) => !/^lib\/(client\/(?!admin\/)|wire\/(?!operators\/)|core\/)/.test(path)),
    ).toEqual([]);
    expect(script).not.toContain('"/api/admin/');
  });

  it("imports React, SWR and Zod, and neither Node, Next nor the server", () => {
    const imported = [...script.matchAll(/^(?:import|export)\b[^;]*?["']([^"']+)["'];$/gm)].map(([, name]) => name);
    expect([...new Set(imported)].sort()).toEqual(["react", "swr", "swr/infinite", "zod/mini"]);
    expect(script).not.toMatch(/\brequire\(|\bimport\(|server-only|node:|process\.env/);
  });

  it("has types for the same files, with imports that hold outside this repository", () => {
    const types = readdirSync(join(app.packageFolder, "types"), { recursive: true, encoding: "utf8" });
    const declared = types.filter((path) => path.endsWith(".d.ts"));
    expect(declared).toContain(join("lib", "client", "index.d.ts"));
    expect(declared.filter((path) => !/^lib.(client|wire|core)\b/.test(path))).toEqual([]);
    for (const path of declared) expect(read(join("types", path)), path).not.toMatch(/["']@\//);
  });

  it("has our version, and its ranges include the versions that it is tested with", () => {
    const ours = JSON.parse(readFileSync("package.json", "utf8"));
    const manifest = JSON.parse(read("package.json"));
    expect([manifest.name, manifest.version, manifest.type]).toEqual([PACKAGE, ours.version, "module"]);
    const asked: Readonly<Record<string, string>> = { ...manifest.dependencies, ...manifest.peerDependencies };
    expect(Object.keys(asked).sort()).toEqual(["react", "swr", "zod"]);
    for (const [name, range] of Object.entries(asked)) {
      expect(satisfies(ours.dependencies[name], range), `${name} ${range}`).toBe(true);
    }
  });

  it("has the size that its document states, within a tenth", () => {
    const [, alone, withZod] = /([\d.]+) kB, and ([\d.]+) kB with Zod/.exec(DOCUMENT) ?? [];
    expect(Number(alone) * 1e3).toBeGreaterThan(app.built.gzipBytes * 0.9);
    expect(Number(alone) * 1e3).toBeLessThan(app.built.gzipBytes * 1.1);
    expect(Number(withZod) * 1e3).toBeGreaterThan(app.built.gzipBytesWithZod * 0.9);
    expect(Number(withZod) * 1e3).toBeLessThan(app.built.gzipBytesWithZod * 1.1);
  });

  it("has a docstring for each of its hooks, functions and types", () => {
    const index = read(join("types", "lib", "client", "index.d.ts"));
    const unexplained = [...index.matchAll(/^export (type )?\{([^}]*)\} from "(\.\/[^"]+)\.js";$/gm)].flatMap(
      ([, , names = "", path = ""]) => {
        const text = read(join("types", "lib", "client", `${path}.d.ts`));
        return names
          .split(",")
          .map((name) => name.trim().replace(/^type /, ""))
          .filter((name) => name !== "")
          .filter(
            (name) =>
              !new RegExp(`\\*/\\nexport (declare )?(function|const|class|interface|type) ${name}\\b`).test(text),
          );
      },
    );
    expect(index).toContain("useSignals");
    expect(unexplained).toEqual([]);
  });
});

describe("the examples of docs/integrations/client.md", () => {
  it("use every hook that the package exports", () => {
    const hooks = [...new Set(read(join("types", "lib", "client", "index.d.ts")).match(/\buse[A-Z]\w+/g))];
    expect(hooks.length).toBeGreaterThan(8);
    expect(hooks.filter((hook) => !EXAMPLES.some((code) => code.includes(`${hook}(`)))).toEqual([]);
  });

  it("compile against the package, with a bundler's resolution and with Node's", async () => {
    expect(await compile("bundler", EXAMPLES, BUNDLER)).toBe("");
    expect(await compile("node", EXAMPLES, NODE)).toBe("");
  });

  it("do not compile if they do not fit the package", async () => {
    const wrong = (EXAMPLES.find((code) => code.includes("useContacts(")) ?? "").replace("peerId", "peer");
    expect(await compile("wrong", [wrong], BUNDLER)).toMatch(/example-1\.tsx.*'peer' does not exist/);
  });
});

describe("the package, installed from its tarball into an empty project", () => {
  /** A page may load these: the package itself, and the packages that it asks for, with what those need. */
  const ALLOWED = [PACKAGE, "react", "swr", "zod", "use-sync-external-store", "dequal"];
  const [, , withZodKb = "0"] = /([\d.]+) kB, and ([\d.]+) kB with Zod/.exec(DOCUMENT) ?? [];
  let folder: string;
  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "tm-installed-")));
    const run = promisify(execFile);
    await run("npm", ["pack", "--offline", "--silent", "--pack-destination", folder], { cwd: app.packageFolder });
    const [tarball = ""] = readdirSync(folder);
    const installed = join(folder, "node_modules", PACKAGE);
    mkdirSync(installed, { recursive: true });
    await run("tar", ["-xzf", join(folder, tarball), "--strip-components=1", "-C", installed]);
    for (const name of ALLOWED.slice(1)) symlinkSync(resolve("node_modules", name), join(folder, "node_modules", name));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Bundles these modules for a browser, as an application's bundler does. What Node alone has does not resolve there. */
  async function bundled(modules: readonly string[], options: BuildOptions = {}) {
    for (const [i, text] of modules.entries()) writeFileSync(join(folder, `example-${i + 1}.tsx`), text);
    const all = modules.map((_, i) => `export * as example${i + 1} from "./example-${i + 1}";`).join("\n");
    const { outputFiles, metafile } = await build({
      stdin: { contents: all, resolveDir: folder, loader: "ts" },
      ...{ bundle: true, minify: true, write: false, metafile: true, logLevel: "silent" },
      ...{ platform: "browser", format: "esm", target: "es2022", jsx: "automatic", absWorkingDir: folder },
      define: { "process.env.NODE_ENV": '"production"' },
      ...options,
    });
    const text = outputFiles?.[0]?.text ?? "";
    return { text, inputs: Object.keys(metafile?.inputs ?? {}), gzipBytes: gzipSync(text).length };
  }

  it("is a script, its types and its package.json, and nothing else", () => {
    const files = readdirSync(join(folder, "node_modules", PACKAGE), { recursive: true, encoding: "utf8" });
    expect(files.filter((path) => !/^types(\/|$)/.test(path)).sort()).toEqual(["index.js", "package.json"]);
  });

  it("is bundled for a browser with every example of its document, without server code and without Node's modules", async () => {
    const { text, inputs } = await bundled(EXAMPLES);
    const owners = inputs.flatMap((path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
    expect([...new Set(owners)].sort()).toEqual([...ALLOWED].sort());
    const own = inputs.filter((path) => path.includes(PACKAGE));
    expect(own).toEqual([`node_modules/${PACKAGE}/index.js`]);
    expect(inputs.filter((path) => !path.includes("node_modules/")).sort()).toEqual(
      ["<stdin>", ...EXAMPLES.map((_, i) => `example-${i + 1}.tsx`)].sort(),
    );
    expect(text).not.toMatch(/server-only|["'`]node:|\brequire\(|process\.env/);
  });

  it("adds to a page of its examples no more than its document states, and less if a page uses one hook only", async () => {
    const external = ["react", "react/jsx-runtime", "swr", "swr/infinite"];
    const all = await bundled(EXAMPLES, { external });
    const [contacts = ""] = EXAMPLES.filter((code) => code.includes("useContacts("));
    const one = await bundled([contacts], { external });
    // A tenth for the examples' own code.
    expect(all.gzipBytes).toBeLessThan(Number(withZodKb) * 1_100);
    expect(one.gzipBytes).toBeLessThan(all.gzipBytes);
  });

  it("is refused by the bundler if it asks for what only a server has", async () => {
    await expect(
      bundled(['import { readFileSync } from "node:fs"; export const x = readFileSync("x");']),
    ).rejects.toThrow(/node:fs/);
  });
});

describe("a declaration's imports", () => {
  it.each([
    ['import type { A } from "@/lib/wire/a";', 'import type { A } from "../../wire/a.js";'],
    ['export { b } from "./b";', 'export { b } from "./b.js";'],
    ['export { c } from "@/lib/client/api/c";', 'export { c } from "./c.js";'],
    ['type D = import("../live/d").D;', 'type D = import("../live/d.js").D;'],
    ['import * as z from "zod";', 'import * as z from "zod";'],
  ])("become relative, with an ending, unless they name a package: %s", (before, after) => {
    expect(withRelativeImports(before, join("lib", "client", "api", "x.d.ts"))).toBe(after);
  });
});
