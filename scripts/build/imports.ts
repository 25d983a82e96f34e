/**
 * `npm run imports`: checks every import against the table of `.dependency-cruiser.cjs`. Exit status 1 if one breaks a rule.
 */
import { execFileSync } from "node:child_process";
import { command, Refusal } from "../command";
import { cruiser } from "./imports/cruiser";

const SOURCES = ["app", "lib", "drizzle", "bench", "scripts", "tests", "server.ts", "proxy.ts", "instrumentation.ts"];

function checkImports(): void {
  try {
    execFileSync(process.execPath, [cruiser(), "--config", ".dependency-cruiser.cjs", ...SOURCES], {
      stdio: "inherit",
    });
  } catch {
    throw new Refusal("An import breaks a rule: see above, and the import table in docs/architecture.md.");
  }
}

const USAGE = `npm run imports
  Checks every import of the repository against the table in .dependency-cruiser.cjs.`;

void command({ usage: USAGE }, checkImports);
