/** Finds dependency-cruiser and prepares it to run. */
import { existsSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolders } from "@/lib/system/make-folders";

const CRUISER = join("node_modules", "dependency-cruiser");
const PARSER = join("node_modules", "typescript-for-dependency-cruiser");

/**
 * Puts TypeScript 6 into the folder where dependency-cruiser looks first, and returns the program to run. dependency-cruiser 17 is
 * the last version for Node 20. It parses with TypeScript's JavaScript API, which TypeScript 7 no longer has.
 */
export function cruiser(): string {
  const place = join(CRUISER, "node_modules");
  const link = join(place, "typescript");
  makeFolders(place);
  if (!existsSync(link)) symlinkSync(resolve(PARSER), link, "dir");
  return resolve(CRUISER, "bin", "dependency-cruise.mjs");
}
