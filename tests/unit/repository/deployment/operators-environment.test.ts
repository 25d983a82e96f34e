/** Operators' commands see what the server sees: docs/deploy.md offers `.env`, and `npm run doctor` is to try it out. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleCommands, COMMANDS } from "@/scripts/build/standalone/commands";
import { codeOf, sourcesUnder } from "../../../support/repository/source";

const folder = mkdtempSync(join(tmpdir(), "tm-env-"));
/** As an image has them, with the packages of this tree above them. */
const bundles = resolve(".cache", `commands-${process.pid}`);
beforeAll(async () => {
  writeFileSync(join(folder, ".env"), "HEDERA_NETWORK=nowhere\nMIRROR_RPS=12\n");
  await bundleCommands(bundles);
});
afterAll(() => {
  for (const path of [folder, bundles]) rmSync(path, { recursive: true, force: true });
});

/** The output of a command where `.env` and the shell are wrong. */
async function said(...args: readonly string[]): Promise<string> {
  const env = { NODE_ENV: "production", TSX_TSCONFIG_PATH: resolve("tsconfig.json"), MIRROR_RPS: "fast" } as const;
  const run = promisify(execFile)(process.execPath, args, { cwd: folder, env });
  const { stdout, stderr } = await run.catch((failure: { stdout: string; stderr: string }) => failure);
  return stdout + stderr;
}

const source = [
  "--conditions=react-server",
  "--import",
  import.meta.resolve("tsx"),
  resolve("scripts", "operator", "doctor.ts"),
];
const IN_AN_IMAGE: Record<(typeof COMMANDS)[number], readonly string[]> = {
  migrate: [],
  doctor: [],
  accounts: ["list"],
  shards: ["status"],
  pack: [],
};

it.each([
  { command: "doctor, from its source", args: source },
  ...COMMANDS.map((name) => ({
    command: `${name}, in an image`,
    args: [join(bundles, `${name}.mjs`), ...IN_AN_IMAGE[name]],
  })),
])("$command reads .env, and a variable of the shell wins", async ({ args }) => {
  const text = await said(...args);
  expect(text).toContain("HEDERA_NETWORK");
  expect(text).toContain("MIRROR_RPS");
  expect(text).not.toContain("ReferenceError");
});

it("every command reads its environment so", () => {
  // The development server reads the files of development, and hands its own shell on to Next; tests and pictures get the shell as it is.
  const exempt = /^scripts\/(environment\.ts|develop\/(dev\.ts|test-node\.ts|pictures\/))/;
  const direct = sourcesUnder(["scripts"], (path) => exempt.test(path))
    .filter(({ text }) => /process\.env(?!\.NODE_ENV)/.test(codeOf(text)))
    .map(({ path }) => path);
  expect(direct).toEqual([]);
});
