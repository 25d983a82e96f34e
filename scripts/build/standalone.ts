/**
 * Runs after `NEXT_OUTPUT=standalone next build`: completes `.next/standalone`, the folder that the image is made of. Adds what
 * Next leaves out: the files that browsers load, our own server, and the operators' commands, each as one file that Node runs.
 * Removes what nothing uses.
 */
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SERVER_THREADS } from "./node-bundle";
import { bundleCommands } from "./standalone/commands";

const FOLDER = join(".next", "standalone");

async function main(): Promise<void> {
  // The time of a file is part of its tag. Servers of the same build have the same tags.
  for (const name of ["static", "compressed"])
    cpSync(join(".next", name), join(FOLDER, ".next", name), { recursive: true, preserveTimestamps: true });
  for (const name of ["start.js", ...SERVER_THREADS.map((name) => `${name}.mjs`)])
    cpSync(join(".next", name), join(FOLDER, ".next", name));
  // Replaces Next's own server, which has neither the gate nor an orderly end, so that nobody runs it by mistake.
  writeFileSync(join(FOLDER, "server.js"), 'process.chdir(__dirname);\nrequire("./.next/start.js");\n');
  if (existsSync("public")) cpSync("public", join(FOLDER, "public"), { recursive: true });
  // These packages resize images. The app has none to resize, and next.config.mjs switches it off.
  for (const name of ["@img", "sharp"]) rmSync(join(FOLDER, "node_modules", name), { recursive: true, force: true });
  // The server's bundle contains this package, and needs only its data beside it.
  const prepared = join("node_modules", "@electric-sql", "pglite-prepopulatedfs");
  cpSync(prepared, join(FOLDER, prepared), { recursive: true });
  await bundleCommands(join(FOLDER, "commands"));
}

main().catch((cause: unknown) => {
  console.error(cause);
  process.exitCode = 1;
});
