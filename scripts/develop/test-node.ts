/**
 * `npm run test:node -- 24`: runs the unit, contract and integration tests on another version of Node, from the npm registry. The
 * installed packages stay the same.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { makeFolders } from "@/lib/system/make-folders";
import { command, UsageError } from "../command";

const VITEST = "node_modules/vitest/vitest.mjs";

/** The executable of Node `version` ("24", "24.9.0"), which is installed under `.cache` if it is missing. */
function nodeOf(version: string): string {
  const folder = join(".cache", `node-${version}`);
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const program = resolve(folder, "node_modules", name, "bin", "node");
  if (existsSync(program)) return program;
  makeFolders(folder);
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  execFileSync("npm", ["install", "--ignore-scripts", `${name}@${version}`], { cwd: folder, stdio: "inherit" });
  return program;
}

const USAGE = `npm run test:node -- VERSION [FILES]
  Runs the tests of FILES, or all unit, contract and integration tests, on Node VERSION (24, 26, 24.9.0) from the npm registry.`;

void command({ usage: USAGE, words: { least: 1, most: 100 } }, ({ words: [version = "", ...files] }) => {
  if (!/^\d+(\.\d+){0,2}$/.test(version))
    throw new UsageError(`${version} is not a version of Node: write 24, or 24.9.0.`);
  const program = nodeOf(version);
  console.log(`Node ${execFileSync(program, ["--version"]).toString().trim()}`);
  const env = { ...process.env, PATH: [resolve(program, ".."), process.env.PATH].join(delimiter) };
  const child = spawn(program, [VITEST, "run", ...files], { env, stdio: "inherit" });
  return new Promise<void>((done) =>
    child.once("exit", (code) => {
      process.exitCode = code ?? 1;
      done();
    }),
  );
});
