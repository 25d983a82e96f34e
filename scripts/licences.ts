/** `npm run licences`: writes docs/licences.md, or says which licences nobody has accepted. */
import { writeFileSync } from "node:fs";
import { productionPackages } from "./licences/packages";
import { licencesDocument } from "./licences/report";

try {
  writeFileSync(
    "docs/licences.md",
    licencesDocument(productionPackages("."), productionPackages("scripts/wallet-connector")),
  );
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
}
