/** The client package: one JavaScript file, a tree of type declarations, and a package.json. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { makeFolders } from "@/lib/system/make-folders";

export const PACKAGE = "trustmesh-edge-client";
const ENTRY = join("lib", "client", "index.ts");
/** The folder of the declarations in the package. `lib` keeps its folders there, so that relative imports still resolve. */
const TYPES = "types";
/** The application provides these packages, because React and SWR must exist only once in a page. */
const PEERS = { react: "^18.2.0 || ^19.0.0", swr: "^2.3.0" } as const;

const OPTIONS = {
  entryPoints: [ENTRY],
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  jsx: "automatic",
} as const satisfies BuildOptions;

export interface ClientPackage {
  /** The sources in the JavaScript file, by their paths in this repository. */
  readonly inputs: readonly string[];
  /** Bytes of the minified package after gzip: alone, and with Zod, which it depends on. */
  readonly gzipBytes: number;
  readonly gzipBytesWithZod: number;
}

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Writes the package into `folder`, whose content it replaces. Rejects if the sources do not compile. */
export async function buildClient(folder: string): Promise<ClientPackage> {
  rmSync(folder, { recursive: true, force: true });
  makeFolders(folder);
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(packageJson(manifest), null, 2)}\n`);
  const [metafile, gzipBytes, gzipBytesWithZod] = await Promise.all([
    writeScript(folder),
    gzipped(["react", "swr", "zod"]),
    gzipped(["react", "swr"]),
    writeTypes(join(folder, TYPES)),
  ]);
  return { inputs: Object.keys(metafile.inputs).sort(), gzipBytes, gzipBytesWithZod };
}

function packageJson({ version, license, dependencies }: Manifest) {
  return {
    name: PACKAGE,
    version,
    private: true,
    license,
    description: "React hooks and a typed client for TrustMesh Edge.",
    type: "module",
    sideEffects: false,
    exports: {
      ".": { types: `./${TYPES}/${posix(ENTRY).replace(/\.ts$/, ".d.ts")}`, default: "./index.js" },
      "./package.json": "./package.json",
    },
    // The declarations name Zod's types. As a dependency, it is installed once even if the application uses it too.
    dependencies: { zod: `^${dependencies.zod}` },
    peerDependencies: PEERS,
  };
}

/** Packages are not bundled: their imports stay. */
async function writeScript(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    ...OPTIONS,
    outfile: join(folder, "index.js"),
    packages: "external",
    // Paths of this repository, which esbuild would take for packages.
    alias: { "@/lib": "./lib" },
    // Frameworks that render on a server as well must know that these hooks belong to the browser.
    banner: { js: '"use client";' },
    metafile: true,
  });
  return metafile;
}

async function gzipped(external: readonly string[]): Promise<number> {
  const { outputFiles } = await build({ ...OPTIONS, external: [...external], minify: true, write: false });
  return gzipSync(outputFiles[0]?.contents ?? "").length;
}

async function writeTypes(folder: string): Promise<void> {
  const compiler = join("node_modules", "typescript", "bin", "tsc");
  const project = join("scripts", "build", "client", "tsconfig.json");
  await promisify(execFile)(process.execPath, [compiler, "-p", project, "--outDir", folder]).catch(
    ({ stdout }: { stdout?: string }) => {
      throw new Error(`The declarations cannot be made:\n${stdout}`);
    },
  );
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".d.ts")) continue;
    const file = join(folder, path);
    writeFileSync(file, withRelativeImports(readFileSync(file, "utf8"), path));
  }
}

/**
 * Rewrites a declaration so that its imports resolve outside this repository: `@/lib/wire/signals` becomes a relative path, and
 * relative paths get the ending that Node's resolution requires. `path` is the path of the file, from the root.
 */
export function withRelativeImports(text: string, path: string): string {
  return text.replace(/((?:\bfrom|\bimport)\s*\(?\s*)"((?:@\/|\.{1,2}\/)[^"]+)"/g, (_, before: string, to: string) => {
    const target = to.startsWith("@/") ? posix(relative(dirname(path), to.slice(2))) : to;
    return `${before}"${target.startsWith(".") ? target : `./${target}`}.js"`;
  });
}

const posix = (path: string): string => path.split(sep).join("/");
