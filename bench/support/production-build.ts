/** The production build of this tree, for rows that measure what is deployed. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The files that a build is made of. */
const CONFIGURATION = ["next.config.mjs", "postcss.config.mjs", "tsconfig.json", "package-lock.json"];
const SOURCES = ["app", "lib", "drizzle", "proxy.ts", "instrumentation.ts", "server.ts", ...CONFIGURATION];

/** Makes it where there is none, or one that is older than what it is made of. */
export function ensureProductionBuild(root = process.cwd()): void {
  // Made last.
  const build = join(root, ".next", "start.js");
  const newer = () => execFileSync("find", [...SOURCES, "-type", "f", "-newer", build], { cwd: root }).length > 0;
  if (!existsSync(build) || newer()) execFileSync("npm", ["run", "-s", "build"], { cwd: root, stdio: "ignore" });
}
