/** Bundles our programs into one file each, for Node. */
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

/** `root` is the folder that `@/` stands for. */
export const nodeBundle = (root: string) =>
  ({
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    // This condition lets `server-only` be imported.
    conditions: ["react-server"],
    alias: { "@": root },
    // CommonJS packages expect these names.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url), __dirname = import.meta.dirname;',
    },
    logLevel: "error",
  }) satisfies BuildOptions;

/** Packages that stay outside the bundle, because they load files by path. The server has them beside it. */
export const EXTERNAL_PACKAGES = ["@electric-sql/*", "@hashgraph/sdk", "pg-native", "pino"];

/** Writes the program of the embedded database's thread into `folder`. It must be beside every program that may open that database. */
export async function bundleDatabaseThread(folder: string): Promise<void> {
  await build({
    ...nodeBundle(process.cwd()),
    entryPoints: ["lib/adapters/postgres/drivers/embedded/thread-program.ts"],
    // lib/adapters/postgres/drivers/embedded/start-thread.ts looks for this name.
    outfile: join(folder, "pglite-thread.mjs"),
    minify: true,
    keepNames: true,
    external: EXTERNAL_PACKAGES,
  });
}
