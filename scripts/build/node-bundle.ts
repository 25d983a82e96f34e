/** Bundles our programs into one file each, for Node. */
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

/** The programs of threads. Each becomes the file `NAME.mjs`, which lib/system/program-thread.ts finds. */
const THREADS = {
  "pglite-thread": "lib/adapters/postgres/drivers/embedded/thread-program.ts",
  "submit-thread": "lib/adapters/hedera/in-thread/thread-program.ts",
} as const;
type ThreadName = keyof typeof THREADS;

/** The threads of the server. A command needs only the database's. */
export const SERVER_THREADS = Object.keys(THREADS) as readonly ThreadName[];

/** Writes the programs of these threads into `folder`. They must be beside every program that starts them. */
export async function bundleThreads(folder: string, names: readonly ThreadName[]): Promise<void> {
  await build({
    ...nodeBundle(process.cwd()),
    entryPoints: names.map((name) => ({ in: THREADS[name], out: name })),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    minify: true,
    keepNames: true,
    // In one file, the SDK and its log (pino) load in 0.6 s instead of 1.3 s (docs/measurements.md §5).
    external: EXTERNAL_PACKAGES.filter((name) => name !== "@hashgraph/sdk" && name !== "pino"),
  });
}
