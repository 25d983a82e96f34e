/**
 * Runs after `next build`: bundles server.ts into one file that Node runs, `.next/start.js`. `npm start` and the image
 * (scripts/build/standalone.ts) run it, with the same packages beside it.
 */
import { join } from "node:path";
import { build } from "esbuild";
import { EXTERNAL_PACKAGES, nodeBundle } from "./node-bundle";

build({
  ...nodeBundle(process.cwd()),
  entryPoints: ["server.ts"],
  outfile: join(".next", "start.js"),
  // Next's own server is loaded with `require`, so this one is too.
  format: "cjs",
  // Without this, React's development build would be loaded.
  banner: { js: 'process.env.NODE_ENV = "production";' },
  minify: true,
  keepNames: true,
  external: [...EXTERNAL_PACKAGES, "next"],
}).catch((cause: unknown) => {
  console.error(cause);
  process.exitCode = 1;
});
