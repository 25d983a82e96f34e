/** Bundled programs are in the repository's own cache, and what a killed process leaves there goes with the next bundle. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bundleOf } from "../../support/fleet/processes/bundle";

const PROGRAM = `const { bundleOf } = require("./tests/support/fleet/processes/bundle.ts");
  bundleOf("scripts/operator/migrate.ts").then((path) => console.log(path));
  setInterval(() => {}, 1_000);`;

it("leaves nothing in the system's folder for temporary files, and nothing of a process that was killed", async () => {
  const temporary = mkdtempSync(join(tmpdir(), "tm-bundle-"));
  const child = spawn(process.execPath, ["--import", "tsx", "-e", PROGRAM], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const path = await new Promise<string>((resolve) =>
    child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim())),
  );
  expect(existsSync(path)).toBe(true);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  // The loader of TypeScript keeps what it has compiled there.
  expect(readdirSync(temporary).filter((name) => !name.startsWith("tsx-"))).toEqual([]);
  rmSync(temporary, { recursive: true });

  await bundleOf("scripts/operator/topic-input.ts");
  expect(existsSync(path)).toBe(false);
});
