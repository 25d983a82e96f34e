/** `npm run services` on this machine: what it leaves behind when it is ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freePort } from "../../../support/servers/free-port";
import { RespConnection } from "../../../support/servers/redis/resp";

const SERVICES = ["redis", "upstash", "postgres", "neon", "postgres-proxy"];
let folder: string;
let child: ChildProcess;
let output = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tm-services-"));
  // PostgreSQL runs as another user where this process is root.
  chmodSync(folder, 0o755);
  output = "";
});
afterEach(() => {
  child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** A free port for each service. None is the control port of another, which is a thousand higher. */
async function freePorts(): Promise<readonly number[]> {
  const ports = await Promise.all(SERVICES.map(() => freePort()));
  const used = new Set(ports.flatMap((port) => [port, port + 1_000]));
  return used.size === 2 * ports.length ? ports : freePorts();
}

async function start(): Promise<void> {
  const ports = await freePorts();
  const options = SERVICES.flatMap((name, i) => [`--${name}`, String(ports[i])]);
  child = spawn(process.execPath, ["--import", "tsx", "scripts/develop/services.ts", ...options], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const pipe of [child.stdout, child.stderr])
    pipe?.on("data", (data: Buffer) => {
      output += data.toString();
    });
}

const reads = (read: () => string): string => {
  try {
    return read();
  } catch {
    // The process has ended meanwhile.
    return "";
  }
};
/**
 * These stay for all commands: the compiled code of TypeScript's loader, and PostgreSQL's programs where only root can reach
 * the checkout.
 */
const KEPT = /^(tsx-|trustmesh-postgres-programs-)/;
const files = () => readdirSync(folder).filter((name) => !KEPT.test(name));
/** Processes that work in the folder, or name it. */
const processes = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      [reads(() => readlinkSync(`/proc/${pid}/cwd`)), reads(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))].some(
        (text) => text.includes(folder),
      ),
    );

async function end(signal: NodeJS.Signals): Promise<number | null> {
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill(signal);
  return exit;
}

/** The value of a setting of the Redis that runs. */
async function redisSetting(name: string): Promise<string> {
  const connection = await RespConnection.open(Number(/redis:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]));
  const [reply] = await connection.send([["CONFIG", "GET", name]]);
  connection.socket.destroy();
  return String((reply as unknown[])[1]);
}

it("runs a Redis that keeps what the doctor asks for, and leaves no file and no process behind after Ctrl-C", async () => {
  await start();
  await expect.poll(() => output, { timeout: 120_000 }).toContain("Ready. Ctrl-C stops them.");
  expect(await redisSetting("appendonly")).toBe("yes");
  expect(await redisSetting("maxmemory-policy")).toBe("noeviction");
  expect(processes().length).toBeGreaterThan(1);
  expect(readdirSync(folder).some((name) => name.startsWith("trustmesh-postgres-"))).toBe(true);
  expect(await end("SIGINT")).toBe(0);
  await expect.poll(() => [processes(), files()]).toEqual([[], []]);
});

it("leaves no file and no process behind if it is ended while it starts", async () => {
  await start();
  const isStarting = () => readdirSync(folder).some((name) => name.startsWith("trustmesh-postgres-"));
  await expect.poll(isStarting, { timeout: 120_000 }).toBe(true);
  expect(await end("SIGTERM")).toBe(0);
  await expect.poll(() => [processes(), files()]).toEqual([[], []]);
});
