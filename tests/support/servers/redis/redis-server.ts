/**
 * A real redis-server for tests and development, on 127.0.0.1. It stores nothing on disk unless it is told to, and then in a
 * folder of its own, which goes with the server: two servers in one folder would write the same append-only files.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "../at-exit";
import { freePort } from "../free-port";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  isRunning(): boolean;
  /** Freezes the server: connections stay open, and it answers nothing. */
  pause(): void;
  resume(): void;
  /** Ends the server like a crash: without an append-only file, all its data is lost. */
  kill(): Promise<void>;
  /** Starts the server again on the same port: empty, or with what its append-only file holds. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** If absent, a free port. */
  readonly port?: number;
  /** Writes an append-only file. */
  readonly isKept?: boolean;
  /** More settings, by their names. */
  readonly settings?: Readonly<Record<string, string>>;
}

const MISSING =
  "redis-server is not installed: 'apt-get install redis-server' (Debian, Ubuntu) or 'brew install redis' (macOS), or set REDIS_SERVER_PATH to one.";
/** A busy machine needs seconds for a start. The hooks that wait for it give up after five minutes. */
const START_TIMEOUT_MS = 120_000;

/** Starts a server. Resolves when it accepts connections, or rejects with a sentence that says what to do. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), "trustmesh-redis-"));
  const given = { appendonly: options.isKept ? "yes" : "no", ...options.settings };
  const settings = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]);
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  // A process that ends early must not leave a server or a folder behind.
  const forgetFolder = atExit(removeFolder);
  let child = await launch(port, folder, settings).catch((error: unknown) => {
    forgetFolder();
    removeFolder();
    throw error;
  });
  const endWithUs = () => {
    child.kill("SIGKILL");
    removeFolder();
  };
  forgetFolder();
  const forgetServer = atExit(endWithUs);
  const kill = () => {
    const gone = exited(child);
    child.kill("SIGKILL");
    return gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    kill,
    async restart() {
      await kill();
      child = await launch(port, folder, settings);
    },
    async stop() {
      forgetServer();
      await kill();
      removeFolder();
    },
  };
}

function launch(port: number, folder: string, more: readonly string[]): Promise<ChildProcess> {
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", ...more];
  const child = spawn(process.env.REDIS_SERVER_PATH ?? "redis-server", settings, {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (reason: string) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(reason));
    };
    const timer = setTimeout(() => fail(`redis-server was not ready after ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    child.once("error", (error: NodeJS.ErrnoException) => fail(error.code === "ENOENT" ? MISSING : error.message));
    const ended = () => fail(`redis-server ended at once: ${said.trim().split("\n").at(-1)}`);
    const listen = (data: Buffer) => {
      said += data.toString("utf8");
      if (!said.includes("Ready to accept connections")) return;
      clearTimeout(timer);
      child.off("exit", ended);
      // The output is read to the end, because a full pipe would block the server.
      child.stdout?.off("data", listen).resume();
      resolve(child);
    };
    child.once("exit", ended);
    child.stdout?.on("data", listen);
  });
}

function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}
