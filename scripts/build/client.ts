/** `npm run build:client`: makes the package of docs/integrations/client.md in dist/client. */
import { command } from "../command";
import { buildClient, PACKAGE } from "./client/package";

const USAGE = `npm run build:client -- [FOLDER]
  Makes the client package for applications in FOLDER (dist/client), whose content it replaces. Prints its size.`;

const kb = (bytes: number) => `${(bytes / 1e3).toFixed(1)} kB`;

void command({ usage: USAGE, words: { least: 0, most: 1 } }, async ({ words }) => {
  const folder = words[0] ?? "dist/client";
  const { inputs, gzipBytes, gzipBytesWithZod } = await buildClient(folder);
  console.log(`${PACKAGE} in ${folder}, from ${inputs.length} files.`);
  console.log(
    `Minified and gzipped: ${kb(gzipBytes)} (${gzipBytes} bytes); with Zod ${kb(gzipBytesWithZod)} (${gzipBytesWithZod} bytes).`,
  );
});
