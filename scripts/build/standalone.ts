/**
 * After `NEXT_OUTPUT=standalone next build`: completes `.next/standalone`, the folder that an image consists of, by what Next
 * leaves to others (the files that browsers load), by our own server and by the operators' commands, each as one file that Node runs
 * as it is; and takes away what nothing uses.
 */
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleCommands } from "./standalone/commands";

const FOLDER = join(".next", "standalone");

async function main(): Promise<void> {
  cpSync(join(".next", "static"), join(FOLDER, ".next", "static"), { recursive: true });
  cpSync(join(".next", "start.js"), join(FOLDER, ".next", "start.js"));
  // In the place of Next's own, so that nobody runs that one: it has neither the gate nor an orderly end.
  writeFileSync(join(FOLDER, "server.js"), 'process.chdir(__dirname);\nrequire("./.next/start.js");\n');
  if (existsSync("public")) cpSync("public", join(FOLDER, "public"), { recursive: true });
  // For resizing images, of which there are none: next.config.mjs turns it off.
  for (const name of ["@img", "sharp"]) rmSync(join(FOLDER, "node_modules", name), { recursive: true, force: true });
  // The server has it in a bundle, and only its data beside that.
  const prepared = join("node_modules", "@electric-sql", "pglite-prepopulatedfs");
  cpSync(prepared, join(FOLDER, prepared), { recursive: true });
  await bundleCommands(join(FOLDER, "commands"));
}

main().catch((cause: unknown) => {
  console.error(cause);
  process.exitCode = 1;
});
