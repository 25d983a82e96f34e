/** A pipe stands for a file on a disk that does not answer: a call waits until both of its ends are open. */
import { spawnSync } from "node:child_process";
import fs, { closeSync, mkdtempSync, openSync, readFile, rmSync, writeFile } from "node:fs";
import { appendFile, readFile as readFileAsync } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { watchWholeFiles, wholeFileCalls } from "@/lib/system/whole-files";

let folder: string;
let pipe: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "whole-files-"));
  pipe = join(folder, "pipe");
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  watchWholeFiles();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Opens the other end of the pipe, so that a call that waits for it ends. */
const answer = (flags: "r" | "w") => closeSync(openSync(pipe, flags));

it.each([
  ["readFile with a callback", "w", () => promisify(readFile)(pipe)],
  ["writeFile with a callback", "r", () => promisify(writeFile)(pipe, "")],
  ["readFile with a promise", "w", () => readFileAsync(pipe)],
  ["appendFile with a promise", "r", () => appendFile(pipe, "")],
] as const)("a call of %s counts until it ends", async (_, flags, call) => {
  const done = call();
  expect(wholeFileCalls()).toBe(1);
  answer(flags);
  await done;
  expect(wholeFileCalls()).toBe(0);
});

it("a call that fails counts no longer, and its error is passed on", async () => {
  const missing = join(folder, "missing");
  await expect(readFileAsync(missing)).rejects.toThrow("ENOENT");
  await expect(promisify(readFile)(missing)).rejects.toThrow("ENOENT");
  expect(wholeFileCalls()).toBe(0);
});

it("a call that Node refuses does not count", () => {
  expect(() => Reflect.apply(fs.readFile, fs, [pipe])).toThrow("of type function");
  expect(() => fs.readFile(pipe, { encoding: "none" as BufferEncoding }, () => {})).toThrow("encoding");
  expect(wholeFileCalls()).toBe(0);
});
