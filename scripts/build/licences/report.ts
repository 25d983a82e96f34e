/**
 * The text of docs/supply-chain/licences.md: the packages of every installation, and those that the wallet connector adds
 * if it is configured.
 */
import type { Package } from "./packages";
import { EXCEPTIONS, refusal } from "./policy";

export function licencesDocument(packages: readonly Package[], connector: readonly Package[] = []): string {
  const line = ({ name, version, licence }: Package) => `- ${name} ${version}: ${licence}`;
  const refusals = [...packages, ...connector].map(refusal).filter((sentence) => sentence !== null);
  if (refusals.length > 0) throw new Error(refusals.join("\n"));
  const counts = new Map<string, number>();
  for (const { licence } of packages) counts.set(`${licence}`, (counts.get(`${licence}`) ?? 0) + 1);
  const sums = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return [
    "# Licences",
    "",
    "The licence of every package that `npm ci --omit=dev` installs on any platform. `npm run licences` writes this list. It refuses a licence that nobody has accepted (`scripts/build/licences/policy.ts`).",
    "",
    ...sums.map(([licence, count]) => `- ${licence}: ${count}`),
    "",
    "## Accepted by exception",
    "",
    ...EXCEPTIONS.map(({ licence, reason, packages: pattern }) => {
      const names = packages
        .filter((each) => pattern.test(each.name) && each.licence?.includes(licence))
        .map(({ name }) => `\`${name}\``);
      return `- ${licence} (${reason}): ${[...new Set(names)].join(", ")}.`;
    }),
    "",
    "## Packages",
    "",
    ...packages.map(line),
    "",
    "## The wallet connector's packages",
    "",
    "Only a build with `WALLETCONNECT_PROJECT_ID` installs these. `wallet-connector.js.LEGAL.txt` holds the notices of those that are in the connector's file.",
    "",
    ...connector.map(line),
    "",
  ].join("\n");
}
