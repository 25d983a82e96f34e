/**
 * Runs before `next build`: writes the parts of zod/mini that browsers use into one file, which next.config.mjs uses instead of it. One
 * function of Zod looks up string formats by name, so Next's bundler would keep them all: 16 KB compressed instead of 8.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import * as zod from "zod/mini";

/** next.config.mjs has the same path. */
const FILE = join(".cache", "browser-zod.js");
/** The folders with files that browsers load and that use Zod. */
const FOLDERS = [join("lib", "wire"), join("lib", "client")];

/** The functions of zod/mini that are called as `z.name` in the files of the folders. A name that is missed fails the build. */
function usedNames(): string[] {
  const texts = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => readFileSync(join(folder, name), "utf8")),
  );
  const named = texts.flatMap((text) => [...text.matchAll(/\bz\.(\w+)/g)].map(([, name = ""]) => name));
  return [...new Set(named)].filter((name) => name in zod).sort();
}

async function main(): Promise<void> {
  await build({
    stdin: { contents: `export { ${usedNames().join(", ")} } from "zod/mini";`, resolveDir: process.cwd() },
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    outfile: FILE,
    logLevel: "error",
  });
}

main().catch((cause: unknown) => {
  console.error(cause);
  process.exitCode = 1;
});
