/** Makes folders without `mkdir`'s `recursive`, which loops for ever where a parent exists and refuses its children with ENOENT. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes the folder and those above it that are missing. Leaves what exists as it is. Throws the system's error: ENOENT where the file
 * system makes no folders (/proc, a lost mount), ENOTDIR below a file.
 */
export function makeFolders(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw error;
    makeFolders(parent);
    makeFolder(path);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
