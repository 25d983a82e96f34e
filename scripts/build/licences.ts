/** `npm run licences`: writes docs/supply-chain/licences.md, or names the licences that nobody has accepted. */
import { writeFileSync } from "node:fs";
import { command, Refusal } from "../command";
import { productionPackages } from "./licences/packages";
import { licencesDocument } from "./licences/report";

const USAGE = `npm run licences
  Writes docs/supply-chain/licences.md out of the packages that are installed, or says which licences nobody has accepted.`;

void command({ usage: USAGE }, () => {
  let document: string;
  try {
    document = licencesDocument(productionPackages("."), productionPackages("scripts/build/wallet-connector"));
  } catch (cause) {
    throw cause instanceof Error ? new Refusal(cause.message) : cause;
  }
  writeFileSync("docs/supply-chain/licences.md", document);
  console.log("Wrote docs/supply-chain/licences.md.");
});
