/** Lists the files and the size of each function of a deployment, from the traces of `next build`. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

export interface TracedFunction {
  /** The route as in its address: `/api/stream`. */
  readonly route: string;
  readonly bytes: number;
  readonly files: number;
  /** The largest first. Each is a package or one of our folders. */
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
  /**
   * Files outside the build and the packages, from the root. They are included because of a path in the code that the build cannot
   * read.
   */
  readonly sources: readonly string[];
}

const SUFFIX = ".nft.json";
/** Files that every function has in addition to its route: Next's server, and the code that runs when it starts. */
const COMMON = ["next-server.js", join("server", "instrumentation.js")];

const BUILT = /^\.next\/|(^|\/)node_modules\//;

/** Every route and page below `.next/server/app`, the largest first. `build` is the folder of the build (`.next`). */
export function tracedFunctions(build: string): readonly TracedFunction[] {
  const common = COMMON.flatMap((name) => filesOf(join(build, name)));
  const app = join(build, "server", "app");
  const traces = readdirSync(app, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(SUFFIX));
  return traces
    .map((path) => {
      const module = join(app, path.slice(0, -SUFFIX.length));
      const files = new Set([...common, ...filesOf(module), resolve(module)]);
      return { route: routeOf(path), ...measured(files, resolve(build, "..")) };
    })
    .sort((a, b) => b.bytes - a.bytes);
}

function filesOf(module: string): readonly string[] {
  const trace = `${module}${SUFFIX}`;
  if (!existsSync(trace)) throw new Error(`${trace} is not there: run \`npm run build\` first`);
  const { files } = JSON.parse(readFileSync(trace, "utf8")) as { files: readonly string[] };
  return files.map((path) => resolve(dirname(trace), path));
}

function measured(files: ReadonlySet<string>, root: string): Omit<TracedFunction, "route"> {
  const parts = new Map<string, number>();
  let bytes = 0;
  for (const path of files) {
    const size = sizeOf(path);
    bytes += size;
    const name = partOf(relative(root, path));
    parts.set(name, (parts.get(name) ?? 0) + size);
  }
  const sources = [...files].map((path) => relative(root, path)).filter((path) => !BUILT.test(path));
  const sorted = [...parts].map(([name, of]) => ({ name, bytes: of })).sort((a, b) => b.bytes - a.bytes);
  return { bytes, files: files.size, parts: sorted, sources };
}

/** A link to a package folder has no content of its own. */
function sizeOf(path: string): number {
  const found = statSync(path);
  return found.isFile() ? found.size : 0;
}

function partOf(path: string): string {
  const inPackages = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path);
  return inPackages?.[1] ?? path.split("/").slice(0, 2).join("/");
}

/** Groups in brackets are not part of an address. */
function routeOf(path: string): string {
  const folders = dirname(path)
    .split("/")
    .filter((name) => !/^\(.*\)$/.test(name));
  return `/${folders.join("/")}`.replace(/^\/\.$/, "/");
}
