/** An application in a temporary folder. It has the client package, by a link, and the packages that this one depends on. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildClient, type ClientPackage, PACKAGE } from "@/scripts/build/client/package";

/** The folder that React and SWR are copied from. CLIENT_PEERS names a folder with other versions of them. */
const PEERS = resolve(process.env.CLIENT_PEERS ?? "node_modules");

export interface Application {
  readonly folder: string;
  readonly packageFolder: string;
  readonly built: ClientPackage;
  remove(): void;
}

/** Builds the client package and installs it. `more` names further packages that the application needs itself. */
export async function applicationWithClient(...more: readonly string[]): Promise<Application> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tm-client-")));
  const packageFolder = join(folder, "packages", "client");
  const built = await buildClient(packageFolder);
  const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as Readonly<
    Record<"dependencies" | "peerDependencies", Readonly<Record<string, string>>>
  >;
  const link = (name: string, to: string) => {
    const path = join(folder, "node_modules", name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(to, path);
  };
  link(PACKAGE, packageFolder);
  for (const name of Object.keys(manifest.dependencies)) link(name, resolve("node_modules", name));
  for (const name of [...Object.keys(manifest.peerDependencies), ...more]) {
    // Copied, because SWR must find the application's React.
    cpSync(join(PEERS, name), join(folder, "node_modules", name), { recursive: true, dereference: true });
  }
  return { folder, packageFolder, built, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
