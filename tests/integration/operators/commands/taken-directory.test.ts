/**
 * Operators' commands beside a server that has the embedded database. Each was asked for help before, so the sources that it loads
 * while it works are the first ones that this process compiles.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lockDirectory } from "@/lib/system/directory-lock";

const folder = mkdtempSync(join(tmpdir(), "tm-taken-"));
const postgres = join(folder, "postgres");
let giveBack: () => void;
beforeAll(() => {
  mkdirSync(postgres);
  giveBack = lockDirectory(postgres, "owner.pid");
});
afterAll(() => {
  giveBack();
  rmSync(folder, { recursive: true, force: true });
});

const SENTENCE = `The database directory ${postgres} is in use by process ${process.pid}: stop that process, or set DATA_DIR to another directory.\n`;

it.each(["pack", "migrate", "accounts list"])(
  "`npm run %s` ends with one sentence and status 1",
  (words) => {
    const [name, ...args] = words.split(" ");
    const program = ["--conditions=react-server", "--import", "tsx", `scripts/operator/${name}.ts`, ...args];
    // The loader keeps what it has compiled in the folder for temporary files.
    const TMPDIR = mkdtempSync(join(folder, "compiled-"));
    const { PATH } = process.env;
    const env = { PATH, TMPDIR, DATA_DIR: folder, HEDERA_NETWORK: "devnet", NODE_ENV: "production" as const };
    const run = (more: readonly string[]) => {
      const { status, stderr } = spawnSync(process.execPath, [...program, ...more], { env, encoding: "utf8" });
      return [status, stderr];
    };
    expect(run(["--help"])).toEqual([0, ""]);
    expect(run([])).toEqual([1, SENTENCE]);
  },
  60_000,
);
