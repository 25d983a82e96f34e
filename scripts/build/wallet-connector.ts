/**
 * `npm run wallet-connector`: makes public/wallet-connector.js. It is part of `npm run build`, and does nothing unless
 * WALLETCONNECT_PROJECT_ID is set. So a deployment without a wallet connector installs none of its packages.
 */
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { WALLET_CONNECTOR_PATH } from "../../lib/wire/sign-in/wallet";
import { command } from "../command";
import { environment } from "../environment";

const FOLDER = join("scripts", "build", "wallet-connector");
/** The connector's packages are installed here, apart from the sources, which are searched and checked. */
const INSTALLED = join(".cache", "wallet-connector");

const USAGE = `npm run wallet-connector -- [options]
  --if-configured     does nothing unless WALLETCONNECT_PROJECT_ID is set

Installs the packages of the wallet connector and makes public/wallet-connector.js.`;

async function main(isOptional: boolean): Promise<void> {
  if (isOptional && !environment().WALLETCONNECT_PROJECT_ID) return;
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(FOLDER, name), join(INSTALLED, name));
  cpSync(".npmrc", join(INSTALLED, ".npmrc"));
  execFileSync("npm", ["ci", "--prefer-offline"], { cwd: INSTALLED, stdio: "inherit" });
  await build({
    entryPoints: [join(FOLDER, "connector.ts")],
    outfile: join("public", WALLET_CONNECTOR_PATH),
    nodePaths: [join(INSTALLED, "node_modules")],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "linked",
  });
}

void command({ usage: USAGE, options: { "if-configured": { type: "boolean" } } }, ({ values }) =>
  main(values["if-configured"] ?? false),
);
