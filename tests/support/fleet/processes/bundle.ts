/**
 * Bundles a program with its imports into one file. A process then starts in 0.4 s instead of 2.7 s through tsx. Tests restart two
 * of eight processes every second, and two cores could not do that through tsx.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { nodeBundle } from "@/scripts/build/node-bundle";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
/** Packages that stay in node_modules, because they use WebAssembly or workers, or are too large to copy for a few tests. */
const EXTERNAL = [
  "@electric-sql/*",
  "@hashgraph/sdk",
  "@neondatabase/serverless",
  "bentocache",
  "pino",
  "pg-native",
  "ws",
];

const bundles = new Map<string, Promise<string>>();

/** Path of the bundled program. `entry` is the program's path from the root. One bundle serves the whole process. */
export function bundleOf(entry: string): Promise<string> {
  const known = bundles.get(entry) ?? make(entry);
  bundles.set(entry, known);
  return known;
}

/** Inside the repository, where programs find its packages. */
const FOLDER = join(ROOT, ".cache", "bundles");

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Each folder is named after its process. One that was killed, as test workers are at their end, leaves its folder. */
function removeLeftBehind(): void {
  for (const name of readdirSync(FOLDER))
    if (!isAlive(Number.parseInt(name, 10))) rmSync(join(FOLDER, name), { recursive: true, force: true });
}

async function make(entry: string): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  removeLeftBehind();
  const directory = mkdtempSync(join(FOLDER, `${process.pid}-`));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const outfile = join(directory, "program.mjs");
  await build({ ...nodeBundle(ROOT), entryPoints: [entry], outfile, external: EXTERNAL });
  return outfile;
}
