/** Options that bundle one of our programs into one file for Node. */
import type { BuildOptions } from "esbuild";

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
