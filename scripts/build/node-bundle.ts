/** Options that bundle a program of ours into one file for Node. */
import type { BuildOptions } from "esbuild";

/** `root`: what `@/` stands for. */
export const nodeBundle = (root: string) =>
  ({
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    // Where `server-only` lets itself be imported.
    conditions: ["react-server"],
    alias: { "@": root },
    // Packages in CommonJS expect these names.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url), __dirname = import.meta.dirname;',
    },
    logLevel: "error",
  }) satisfies BuildOptions;

/** Packages that stay outside the bundle: the server has them beside it, with the files that they load by path. */
export const EXTERNAL_PACKAGES = ["@electric-sql/*", "@hashgraph/sdk", "pg-native", "pino"];
