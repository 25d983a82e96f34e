/** Operators' commands see what the server sees: README.md offers `.env`, and `npm run doctor` is to try it out. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { codeOf, sourcesUnder } from "../support/source";

const folder = mkdtempSync(join(tmpdir(), "tm-env-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("doctor reads .env, and the shell before it", async () => {
  writeFileSync(join(folder, ".env"), "HEDERA_NETWORK=nowhere\nMIRROR_RPS=12\n");
  const args = ["--conditions=react-server", "--import", import.meta.resolve("tsx"), resolve("scripts", "doctor.ts")];
  const env = { NODE_ENV: "production", TSX_TSCONFIG_PATH: resolve("tsconfig.json"), MIRROR_RPS: "fast" } as const;
  const run = promisify(execFile)(process.execPath, args, { cwd: folder, env });
  const { stdout } = await run.catch((failure: { stdout: string }) => failure);
  expect(stdout).toContain("HEDERA_NETWORK");
  expect(stdout).toContain("MIRROR_RPS");
});

it("every command takes its environment from there", () => {
  const direct = sourcesUnder(["scripts"], (path) => path === "scripts/environment.ts")
    .filter(({ text }) => /process\.env(?!\.NODE_ENV)/.test(codeOf(text)))
    .map(({ path }) => path);
  expect(direct).toEqual([]);
});
