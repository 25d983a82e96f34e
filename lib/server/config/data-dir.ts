import "server-only";
/** Checks that state can be kept in DATA_DIR. It only looks, and creates nothing. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Env } from "./env";

/** Folders that exist already must be writable too, because one of them may be a mounted volume. */
const INSIDE = ["", "postgres", "devnet"];

/** A sentence that names the fault and its remedy. Null if there is no fault, or if nothing is kept there. */
export function dataDirProblem(env: Pick<Env, "DATA_DIR" | "DATABASE_URL" | "isDevnet">): string | null {
  if (env.DATABASE_URL !== undefined && !env.isDevnet) return null;
  const mend = "Make it a folder that this user can write to, or set DATA_DIR to another one.";
  for (const name of INSIDE) {
    const folder = nearest(resolve(/* turbopackIgnore: true */ join(/* turbopackIgnore: true */ env.DATA_DIR, name)));
    try {
      // The folder belongs to the machine, so the build must not trace it.
      if (!statSync(/* turbopackIgnore: true */ folder).isDirectory())
        return `DATA_DIR is ${env.DATA_DIR}, but ${folder} is not a folder. ${mend}`;
      accessSync(/* turbopackIgnore: true */ folder, constants.W_OK | constants.X_OK);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      return `DATA_DIR is ${env.DATA_DIR}, but ${folder} is not writable (${code ?? "unknown"}). ${mend}`;
    }
  }
  return null;
}

/** The path itself, or its nearest parent that exists. */
function nearest(path: string): string {
  for (let at = path; ; at = dirname(at)) if (isThere(at) || dirname(at) === at) return at;
}

function isThere(path: string): boolean {
  try {
    return statSync(/* turbopackIgnore: true */ path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // The path leads through a file, so nothing exists there.
    return false;
  }
}
