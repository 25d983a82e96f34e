/**
 * Runs after `next build`: bundles server.ts into one file that Node runs, `.next/start.js`, and the programs of its threads into
 * others. `npm start` and the image (scripts/build/standalone.ts) run these files, with the same packages beside them. Also
 * compresses the files for browsers.
 */
import { join } from "node:path";
import { build } from "esbuild";
import { compressFiles } from "./compressed-files";
import { bundleThreads, EXTERNAL_PACKAGES, nodeBundle, SERVER_THREADS } from "./node-bundle";

async function main(): Promise<void> {
  await compressFiles(".next");
  await bundleThreads(".next", SERVER_THREADS);
  await build({
    ...nodeBundle(process.cwd()),
    entryPoints: ["server.ts"],
    outfile: join(".next", "start.js"),
    // Next's own server is loaded with `require`, so this one is too.
    format: "cjs",
    // Without this, React's development build would be loaded.
    banner: { js: 'process.env.NODE_ENV = "production";' },
    minifySyntax: true,
    minifyWhitespace: true,
    external: [...EXTERNAL_PACKAGES, "next"],
  });
}

main().catch((cause: unknown) => {
  console.error(cause);
  process.exitCode = 1;
});
