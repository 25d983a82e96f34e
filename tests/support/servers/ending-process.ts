/**
 * A process that ends while a thread runs (`loop`), while a thread is in a call of the system until standard input ends (`thread`), or
 * while a call of its own opens a pipe that nobody writes (`call`) or reads it as a whole file (`file`), or while a name look-up does
 * not end (`look-up`). The file `started` says that the thread is in its call.
 */
import { pbkdf2 } from "node:crypto";
import { lookup } from "node:dns";
import { existsSync, open, readFile } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { endProcess, watchThread, watchWork } from "@/lib/system/end-process";
import { command, Refusal } from "@/scripts/command";

const [how, pipe = "", started = "", by] = process.argv.splice(2);

async function hold(): Promise<void> {
  if (how === "look-up") {
    // The pool's only thread computes for some seconds, and the look-up waits for it.
    pbkdf2("", "", 4_000_000, 64, "sha512", () => {});
    return lookup("localhost", () => {});
  }
  if (how === "call") return open(pipe, () => {});
  if (how === "file") return readFile(pipe, () => {});
  const shell = JSON.stringify(["-c", 'touch "$0"; read line', started]);
  const call = `require("node:child_process").spawnSync("sh", ${shell}, { stdio: ["inherit", "ignore", "ignore"] })`;
  const loop = `require("node:fs").writeFileSync(${JSON.stringify(started)}, ""); for (;;);`;
  watchThread(new Worker(how === "loop" ? loop : call, { eval: true }));
  while (!existsSync(started)) await sleep(10);
}

if (by === "command")
  void command({ usage: "" }, async () => {
    await hold();
    throw new Refusal("The work has failed.");
  });
else {
  watchWork();
  void hold().then(() => endProcess(3));
}
