import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolders } from "@/lib/system/make-folders";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "make-folders-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("makeFolders", () => {
  it.each([
    ["absolute", (path: string) => path],
    ["relative", (path: string) => relative(process.cwd(), path)],
  ])("makes every missing level of an %s path", (_, as) => {
    makeFolders(as(join(dir, "a", "b", "c")));
    expect(statSync(join(dir, "a", "b", "c")).isDirectory()).toBe(true);
  });

  it("leaves a folder that exists as it is", () => {
    writeFileSync(join(dir, "kept"), "");
    makeFolders(dir);
    expect(existsSync(join(dir, "kept"))).toBe(true);
  });

  it("throws ENOTDIR below a file", () => {
    writeFileSync(join(dir, "file"), "");
    expect(() => makeFolders(join(dir, "file", "a", "b"))).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
  });

  // In a process of its own, which can be ended if it loops.
  it.skipIf(!existsSync("/proc/self"))("throws ENOENT where a parent exists and cannot have children", () => {
    const program = `
      const { makeFolders } = require("./lib/system/make-folders.ts");
      try { makeFolders("/proc/foo/postgres"); } catch (error) { console.log(error.code); }`;
    const { stdout, signal } = spawnSync(process.execPath, ["--import", "tsx", "-e", program], {
      encoding: "utf8",
      timeout: 10_000,
      killSignal: "SIGKILL",
    });
    expect({ stdout: stdout.trim(), signal }).toEqual({ stdout: "ENOENT", signal: null });
  });
});
