/** The production build of this tree, for rows that measure what is deployed. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What a build is made of. */
const CONFIGURATION = ["next.config.mjs", "postcss.config.mjs", "tsconfig.json", "package-lock.json"];
const SOURCES = ["app", "lib", "drizzle", "proxy.ts", "instrumentation.ts", ...CONFIGURATION];

/** Makes it where there is none, or one that is older than what it is made of. */
export function ensureProductionBuild(root = process.cwd()): void {
  const build = join(root, ".next", "BUILD_ID");
  const newer = () => execFileSync("find", [...SOURCES, "-type", "f", "-newer", build], { cwd: root }).length > 0;
  if (!existsSync(build) || newer())
    execFileSync("npx", ["--no-install", "next", "build"], { cwd: root, stdio: "ignore" });
}
