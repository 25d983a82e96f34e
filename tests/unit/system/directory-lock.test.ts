import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lockDirectory } from "@/lib/system/directory-lock";

const NAME = "owner.lock";
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "directory-lock-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the lock of a directory", () => {
  it("lets one owner in, and the next once it is given back", () => {
    const unlock = lockDirectory(dir, NAME);
    expect(() => lockDirectory(dir, NAME)).toThrow(expect.objectContaining({ pid: process.pid }));
    unlock();
    lockDirectory(dir, NAME)();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("is one of several in a directory", () => {
    const unlock = lockDirectory(dir, NAME);
    lockDirectory(dir, "another.lock")();
    unlock();
  });

  it.each([
    ["a process that is gone", { pid: 2 ** 22 + 1, startedAt: "1", token: "x" }],
    ["a process whose id belongs to another one now", { pid: process.pid, startedAt: "1", token: "x" }],
    ["a file that is torn", ""],
    ["a file that says something else", "[]"],
  ])("is taken over from %s", (_, owner) => {
    writeFileSync(join(dir, NAME), typeof owner === "string" ? owner : JSON.stringify(owner));
    lockDirectory(dir, NAME)();
    expect(readdirSync(dir)).toEqual([]);
  });

  it.skipIf(!existsSync("/proc/self/stat"))(
    "is taken over from a process that was killed and that nobody has reaped",
    async () => {
      // `exec` keeps the child of the shell, and gives it a parent that never asks how it ended.
      const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
      try {
        const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (line) => resolve(Number(line))));
        const stat = () => readFileSync(`/proc/${pid}/stat`, "utf8").split(" ");
        const owner = { pid, startedAt: stat()[21], token: "x" };
        writeFileSync(join(dir, NAME), JSON.stringify(owner));
        expect(() => lockDirectory(dir, NAME)).toThrow(expect.objectContaining({ pid }));
        // A shell might ask how its child ended. Once it is `sleep`, nobody does.
        const nameOfParent = () => readFileSync(`/proc/${parent.pid}/comm`, "utf8");
        await vi.waitFor(() => expect(nameOfParent()).toBe("sleep\n"), { timeout: 5_000, interval: 10 });
        process.kill(pid, "SIGKILL");
        await vi.waitFor(() => expect(stat()[2]).toBe("Z"), { timeout: 5_000, interval: 10 });
        lockDirectory(dir, NAME)();
        expect(readdirSync(dir)).toEqual([]);
      } finally {
        parent.kill("SIGKILL");
      }
    },
  );

  it("leaves a file alone that another owner has made meanwhile", () => {
    const unlock = lockDirectory(dir, NAME);
    writeFileSync(join(dir, NAME), JSON.stringify({ pid: process.pid, startedAt: null, token: "another" }));
    unlock();
    expect(readdirSync(dir)).toEqual([NAME]);
  });
});
