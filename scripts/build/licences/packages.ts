/** The packages that `npm ci --omit=dev` installs on any platform, with their licences. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Package {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. Null if the lock file has none. */
  readonly licence: string | null;
}

interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** Reads package-lock.json, which is the same on every platform. Compares its licences with those of the installed packages. */
export function productionPackages(root: string): readonly Package[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockEntry>;
  };
  const found = new Map<string, Package>();
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === "" || entry.dev) continue;
    const name = entry.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const version = entry.version ?? "";
    const installed = installedLicence(join(root, path));
    if (installed !== null && entry.license !== undefined && installed !== entry.license)
      throw new Error(`${name} is ${entry.license} in package-lock.json and ${installed} on disk`);
    found.set(`${name}@${version}`, { name, version, licence: entry.license ?? null });
  }
  const key = ({ name, version }: Package) => `${name} ${version}`;
  return [...found.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Null if the package is not installed, because it is for another platform. */
function installedLicence(directory: string): string | null {
  const path = join(directory, "package.json");
  if (!existsSync(path)) return null;
  const { license } = JSON.parse(readFileSync(path, "utf8")) as { license?: string | { type?: string } };
  return (typeof license === "object" ? license.type : license) ?? null;
}
