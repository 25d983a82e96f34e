import "server-only";
/** Whether state can be kept where DATA_DIR says. Looks, and makes nothing. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Env } from "./env";

/** Folders that are there already must be writable too: a volume may be mounted on one of them. */
const INSIDE = ["", "postgres", "devnet"];

/** A sentence that names the fault and its remedy; null where there is no fault, or no state is kept there. */
export function dataDirProblem(env: Pick<Env, "DATA_DIR" | "DATABASE_URL" | "isDevnet">): string | null {
  if (env.DATABASE_URL !== undefined && !env.isDevnet) return null;
  const mend = "Make it a folder that this user may write in, or set DATA_DIR to one.";
  for (const name of INSIDE) {
    const folder = nearest(resolve(/* turbopackIgnore: true */ join(/* turbopackIgnore: true */ env.DATA_DIR, name)));
    try {
      // A folder of the machine, not of the project: the build is not to carry it along.
      if (!statSync(/* turbopackIgnore: true */ folder).isDirectory())
        return `DATA_DIR is ${env.DATA_DIR}, but ${folder} is no folder. ${mend}`;
      accessSync(/* turbopackIgnore: true */ folder, constants.W_OK | constants.X_OK);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      return `DATA_DIR is ${env.DATA_DIR}, and nothing can be written in ${folder} (${code ?? "unknown"}). ${mend}`;
    }
  }
  return null;
}

/** The path itself, or the first above it that is there. */
function nearest(path: string): string {
  for (let at = path; ; at = dirname(at)) if (isThere(at) || dirname(at) === at) return at;
}

function isThere(path: string): boolean {
  try {
    return statSync(/* turbopackIgnore: true */ path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Below a file there is nothing.
    return false;
  }
}
