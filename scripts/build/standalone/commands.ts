/** The operators' commands for the image, each as one file that Node runs. */
import { build } from "esbuild";
import { bundleThreads, EXTERNAL_PACKAGES, nodeBundle } from "../node-bundle";

/** Each is `scripts/operator/NAME.ts`. */
export const COMMANDS = ["migrate", "doctor", "accounts", "shards", "pack"] as const;

/** Writes `NAME.mjs` for each command into `folder`. The server's packages must be beside or above it. */
export async function bundleCommands(folder: string): Promise<void> {
  await build({
    ...nodeBundle(process.cwd()),
    entryPoints: COMMANDS.map((name) => `scripts/operator/${name}.ts`),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    minify: true,
    // Error names appear in the output.
    keepNames: true,
    external: EXTERNAL_PACKAGES,
  });
  await bundleThreads(folder, ["pglite-thread"]);
}
