/** The production build of this tree, for rows that measure what is deployed. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Makes it where there is none. */
export function ensureProductionBuild(root = process.cwd()): void {
  if (!existsSync(join(root, ".next", "BUILD_ID")))
    execFileSync("npx", ["--no-install", "next", "build"], { cwd: root, stdio: "ignore" });
}
