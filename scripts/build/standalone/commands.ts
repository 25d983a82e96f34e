/** The operators' commands as an image has them: each one file that Node runs as it is. */
import { build } from "esbuild";
import { EXTERNAL_PACKAGES, nodeBundle } from "../node-bundle";

/** Each is `scripts/operator/NAME.ts`. */
export const COMMANDS = ["migrate", "doctor", "accounts", "shards"] as const;

/** Writes `NAME.mjs` of each into `folder`, which has the server's packages beside or above it. */
export async function bundleCommands(folder: string): Promise<void> {
  await build({
    ...nodeBundle(process.cwd()),
    entryPoints: COMMANDS.map((name) => `scripts/operator/${name}.ts`),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    minify: true,
    // Names of errors are part of what is said.
    keepNames: true,
    external: EXTERNAL_PACKAGES,
  });
}
