/** The end of a process that something holds up: `process.exit` alone would never come back. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trustmesh-ending-"));
  expect(spawnSync("mkfifo", [join(folder, "pipe")]).status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The end of a process that is held up in this way: its status or signal, and what it says holds it up. */
async function endOf(how: "loop" | "thread" | "call" | "file" | "look-up", by: "endProcess" | "command") {
  const program = ["--import", "tsx", "tests/support/servers/ending-process.ts"];
  const child = spawn(process.execPath, [...program, how, join(folder, "pipe"), join(folder, `${how} ${by}`), by], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { ...process.env, ...(how === "look-up" ? { UV_THREADPOOL_SIZE: "1" } : {}) },
  });
  onTestFinished(() => {
    child.stdin.destroy();
    child.kill("SIGKILL");
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const end = await new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  return [end, /a disk does not answer|A name look-up does not end/.exec(said)?.[0] ?? null];
}

const DISK = "a disk does not answer";
const LOOK_UP = "A name look-up does not end";

it.each([
  ["ends a thread that runs, and exits with its status", "loop", "endProcess", [3, null]],
  ["is killed while a thread waits for a disk", "thread", "endProcess", ["SIGKILL", DISK]],
  ["is killed while a call of its own waits for a disk", "call", "endProcess", ["SIGKILL", DISK]],
  ["is killed while a whole file that it reads waits for a disk", "file", "endProcess", ["SIGKILL", DISK]],
  ["ends a thread that runs, after a failed command", "loop", "command", [1, null]],
  ["is killed after a failed command while a thread waits for a disk", "thread", "command", ["SIGKILL", DISK]],
  ["keeps its status while a name look-up does not end", "look-up", "endProcess", [3, LOOK_UP]],
  ["keeps its status after a failed command while a name look-up does not end", "look-up", "command", [1, LOOK_UP]],
] as const)(
  "an ending process %s",
  async (_, how, by, end) => {
    expect(await endOf(how, by)).toEqual(end);
  },
  30_000,
);

it("a failed command keeps its status though its sources were never compiled before", () => {
  const program = ["--import", "tsx", "scripts/operator/capacity.ts", "--zones", "3"];
  // The loader keeps what it has compiled in the folder for temporary files.
  const env = { ...process.env, TMPDIR: mkdtempSync(join(folder, "compiled-")) };
  expect(spawnSync(process.execPath, program, { env }).status).toBe(2);
});
