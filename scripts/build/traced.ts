/**
 * `npm run traced`: prints the size of each function of a deployment. Exit status 1 if one is larger than the platform accepts
 * or contains source files.
 */
import { command } from "../command";
import { type TracedFunction, tracedFunctions } from "./traced/functions";

/** The limit of a Vercel function, unpacked (vercel.com/docs/functions/limitations). */
const MAX_BYTES = 250_000_000;
const SHOWN_PARTS = 6;

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const USAGE = `npm run traced -- [FOLDER]
  Says how large each function of the build in FOLDER (.next) is. Exit status 1 if one is larger than the platform accepts or
  contains source files.`;

void command({ usage: USAGE, words: { least: 0, most: 1 } }, ({ words }) => {
  const functions = tracedFunctions(words[0] ?? ".next");
  const tooLarge = functions.filter(({ bytes }) => bytes > MAX_BYTES);
  const largest = functions[0] as TracedFunction;
  for (const { route, bytes, files } of functions)
    console.log(`${mb(bytes).padStart(9)} ${String(files).padStart(6)} files  ${route}`);
  console.log(`\n${largest.route}, the largest, of which:`);
  for (const { name, bytes } of largest.parts.slice(0, SHOWN_PARTS)) console.log(`${mb(bytes).padStart(9)}  ${name}`);
  if (tooLarge.length > 0) {
    console.error(`\nLarger than ${mb(MAX_BYTES)}: ${tooLarge.map(({ route }) => route).join(", ")}`);
    process.exitCode = 1;
  }
  const [source] = functions.flatMap(({ route, sources }) => sources.map((path) => `${route} contains ${path}`));
  if (source !== undefined) {
    console.error(
      `\n${source}. Some code uses a path that the build cannot read. Mark that use with /* turbopackIgnore: true */.`,
    );
    process.exitCode = 1;
  }
});
