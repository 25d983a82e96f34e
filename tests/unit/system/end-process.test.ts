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

/** The end of a process that is held up in this way: its status or signal, and whether it said why. */
async function endOf(how: "loop" | "thread" | "call", by: "endProcess" | "command") {
  const program = ["--import", "tsx", "tests/support/servers/ending-process.ts"];
  const child = spawn(process.execPath, [...program, how, join(folder, "pipe"), join(folder, `${how} ${by}`), by], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  onTestFinished(() => {
    child.stdin.destroy();
    child.kill("SIGKILL");
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const end = await new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  return [end, said.includes("a disk does not answer")];
}

it.each([
  ["ends a thread that runs, and exits with its status", "loop", "endProcess", [3, false]],
  ["is killed while a thread waits for a disk", "thread", "endProcess", ["SIGKILL", true]],
  ["is killed while a call of its own waits for a disk", "call", "endProcess", ["SIGKILL", true]],
  ["ends a thread that runs, after a failed command", "loop", "command", [1, false]],
  ["is killed after a failed command while a thread waits for a disk", "thread", "command", ["SIGKILL", true]],
] as const)("an ending process %s", async (_, how, by, end) => {
  expect(await endOf(how, by)).toEqual(end);
});
