/**
 * One file out of a program and all that it imports, so that a process of it starts in 0.4 s; through tsx it takes 2.7 s, which
 * two cores do not have for eight processes of which two die every second.
 */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { nodeBundle } from "@/scripts/build/node-bundle";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** Loaded from node_modules as they are: WebAssembly, workers, and what is too large to copy for a few tests. */
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

/** The path of the bundled program; `entry` is its path from the root. Made once in this process, gone with it. */
export function bundleOf(entry: string): Promise<string> {
  const known = bundles.get(entry) ?? make(entry);
  bundles.set(entry, known);
  return known;
}

async function make(entry: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "trustmesh-fleet-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  const outfile = join(directory, "program.mjs");
  await build({ ...nodeBundle(ROOT), entryPoints: [entry], outfile, external: EXTERNAL });
  return outfile;
}
