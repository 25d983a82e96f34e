import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { productionPackages } from "@/scripts/build/licences/packages";
import { refusal } from "@/scripts/build/licences/policy";
import { licencesDocument } from "@/scripts/build/licences/report";
import { sourcesUnder } from "../../../support/repository/source";

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}
interface LockEntry {
  readonly dev?: boolean;
  /** Part of the package around it, and of its digest. */
  readonly inBundle?: boolean;
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

/** The packages that only a build with a wallet connector installs. */
const CONNECTOR = "scripts/build/wallet-connector";
const manifestOf = (folder: string) => JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as Manifest;
const entriesOf = (folder: string) => {
  const lock = JSON.parse(readFileSync(`${folder}/package-lock.json`, "utf8")) as {
    packages: Record<string, LockEntry>;
  };
  return Object.entries(lock.packages).filter(([path]) => path !== "");
};
const manifest = manifestOf(".");
const entries = entriesOf(".");
const page = readFileSync("docs/supply-chain/README.md", "utf8");

const EXACT = /^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/;

describe("every installed package", () => {
  it.each([".", CONNECTOR])("is named by exact versions: %s", (folder) => {
    const { dependencies, devDependencies } = manifestOf(folder);
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !EXACT.test(version));
    expect(loose).toEqual([]);
  });

  it.each([".", CONNECTOR])("has a digest, and names no registry: %s", (folder) => {
    const all = entriesOf(folder);
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter(([, { integrity, inBundle }]) => integrity === undefined && !inBundle)).toEqual([]);
    expect(all.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it("of production is used: imported, or started by name", () => {
    const sources = sourcesUnder(["app", "lib", "drizzle", "scripts"], () => false).map(({ text }) => text);
    const all = [...sources, readFileSync("proxy.ts", "utf8"), readFileSync("instrumentation.ts", "utf8")].join("\n");
    const isUsed = (name: string) => all.includes(`"${name}"`) || all.includes(`"${name}/`);
    // React's renderer is what Next renders with.
    const unused = Object.keys(manifest.dependencies).filter((name) => !isUsed(name) && name !== "react-dom");
    expect(unused).toEqual([]);
  });

  it("has install scripts only if docs/supply-chain/README.md says why they need not run", () => {
    const named = entries
      .filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)
      .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
    for (const name of new Set(named)) expect(page).toContain(`\`${name}\``);
  });
});

describe("licences", () => {
  it("are those that docs/supply-chain/licences.md lists: `npm run licences`", () => {
    const connector = productionPackages(CONNECTOR);
    expect(licencesDocument(productionPackages("."), connector)).toBe(
      readFileSync("docs/supply-chain/licences.md", "utf8"),
    );
  });

  it.each([
    ["GPL-3.0-only", "is under GPL-3.0-only"],
    ["MIT AND GPL-2.0", "is under MIT AND GPL-2.0"],
    ["LGPL-3.0-or-later", "is under LGPL-3.0-or-later"],
    ["UNLICENSED", "is under UNLICENSED"],
    ["SEE LICENSE IN LICENSE.txt", "is under SEE LICENSE"],
    [null, "has no licence"],
  ])("that nobody accepted are refused: %s", (licence, sentence) => {
    expect(refusal({ name: "x", version: "1.0.0", licence })).toContain(sentence);
    expect(() => licencesDocument([{ name: "x", version: "1.0.0", licence }])).toThrow(sentence);
  });

  it.each(["MIT", "(BSD-3-Clause OR GPL-2.0)", "Apache-2.0 AND MIT"])(
    "that require a notice are accepted: %s",
    (licence) => {
      expect(refusal({ name: "x", version: "1.0.0", licence })).toBeNull();
    },
  );
});

describe("a known vulnerability", () => {
  /** Rows "| `name` | mended from, … |" of the page: a version for each major that has a mended one. */
  const mended = [...page.matchAll(/^\| `([^`]+)` +\| (\d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)*) +\|/gm)].map(
    ([, name, versions]) => [name as string, (versions as string).split(", ")] as const,
  );
  const numbers = (version: string) => version.split(".").map(Number) as [number, number, number];
  const isBefore = (version: string, other: string) =>
    numbers(version).reduce((order, number, i) => order || number - (numbers(other)[i] as number), 0) < 0;
  const all = [...entries, ...entriesOf(CONNECTOR)].filter(([, { dev }]) => !dev);

  it("is listed in docs/supply-chain/README.md", () => expect(mended.length).toBeGreaterThan(10));

  it.each(mended)("is fixed in every installed copy: %s from %s", (name, versions) => {
    const installed = all.flatMap(([path, { version }]) =>
      path.endsWith(`node_modules/${name}`) ? [version as string] : [],
    );
    expect(installed).not.toEqual([]);
    // A version of another form could not be compared.
    for (const version of installed) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const isMended = (version: string) => {
      const of = versions.find((from) => numbers(from)[0] === numbers(version)[0]);
      return of === undefined ? versions.every((from) => isBefore(from, version)) : !isBefore(version, of);
    };
    expect(installed.filter((version) => !isMended(version))).toEqual([]);
  });
});
