/** The production build of this tree, for rows that measure the deployed form. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The files that a build depends on. */
const CONFIGURATION = ["next.config.mjs", "postcss.config.mjs", "tsconfig.json", "package-lock.json"];
const SOURCES = ["app", "lib", "drizzle", "proxy.ts", "instrumentation.ts", "server.ts", ...CONFIGURATION];

/** Builds if there is no build, or if one of its files is newer. */
export function ensureProductionBuild(root = process.cwd()): void {
  // The last file that a build makes.
  const build = join(root, ".next", "start.js");
  const newer = () => execFileSync("find", [...SOURCES, "-type", "f", "-newer", build], { cwd: root }).length > 0;
  if (!existsSync(build) || newer()) execFileSync("npm", ["run", "-s", "build"], { cwd: root, stdio: "ignore" });
}
