/**
 * After `next build`: server.ts as one file that Node runs as it is, `.next/start.js`. `npm start` runs it, and so does an image
 * (scripts/build/standalone.ts), which has the same packages beside it.
 */
import { join } from "node:path";
import { build } from "esbuild";
import { EXTERNAL_PACKAGES, nodeBundle } from "./node-bundle";

build({
  ...nodeBundle(process.cwd()),
  entryPoints: ["server.ts"],
  outfile: join(".next", "start.js"),
  // Next is loaded by `require`, as its own server does it.
  format: "cjs",
  // React's development build is another program.
  banner: { js: 'process.env.NODE_ENV = "production";' },
  minify: true,
  keepNames: true,
  external: [...EXTERNAL_PACKAGES, "next"],
}).catch((cause: unknown) => {
  console.error(cause);
  process.exitCode = 1;
});
