/** A real PostgreSQL for a test or a bench, in a temporary directory and on a free port. `stop` removes it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { atExit } from "../at-exit";
import { freePort } from "../free-port";
import { type PostgresPrograms, postgresPrograms } from "./postgres-programs";

export interface PostgresServer {
  /** Address of the database that exists from the start. */
  readonly url: string;
  readonly port: number;
  /** Creates an empty database and resolves to its url. */
  createDatabase(): Promise<string>;
  /** Freezes the server with all its connections: it answers nothing, and no connection breaks. Linux only. */
  pause(): void;
  resume(): void;
  /** Ends the server like a crash: connections break, and commits stay. */
  kill(): Promise<void>;
  /** Starts the server again with its data, on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** If absent, a free port. */
  readonly port?: number;
}

/** Starts a server. If this process is root, the server runs as `nobody`. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), "trustmesh-postgres-"));
  // The server may run as another user, who must reach the data.
  chmodSync(directory, 0o755);
  const port = options.port ?? (await freePort());
  const programs = postgresPrograms();
  const data = join(directory, "data");
  let running: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    const child = running;
    running = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    signalAll(child, "SIGCONT");
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  };
  const start = async () => {
    running = await launch(programs, data, port);
  };
  // A run that ends early must not leave servers and directories behind.
  const endWithUs = () => {
    running?.kill("SIGQUIT");
    // A child that has not ended yet may write once more.
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  const forgetServer = atExit(endWithUs);
  const initialising = initialise(programs, directory, data);
  running = initialising.child;
  await initialising;
  await start();
  const urlOf = (database: string) => `postgres://postgres:local@127.0.0.1:${port}/${database}`;
  let databases = 0;
  return {
    url: urlOf("postgres"),
    port,
    async createDatabase() {
      databases += 1;
      const client = new pg.Client(urlOf("postgres"));
      await client.connect();
      await client.query(`CREATE DATABASE test_${databases}`);
      await client.end();
      return urlOf(`test_${databases}`);
    },
    pause: () => signalAll(running, "SIGSTOP"),
    resume: () => signalAll(running, "SIGCONT"),
    // SIGQUIT is PostgreSQL's "immediate shutdown", without a checkpoint. SIGKILL would leave its children running.
    kill: () => end("SIGQUIT"),
    async restart() {
      await end("SIGQUIT");
      await start();
    },
    async stop() {
      // The data is about to be removed, so it need not be written first.
      await end("SIGQUIT");
      forgetServer();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A busy machine needs ten seconds for a start. The hooks that wait for it give up after five minutes. */
const START_TIMEOUT_MS = 120_000;

function initialise({ initdb, owner }: PostgresPrograms, directory: string, data: string) {
  const passwordFile = join(directory, "password");
  writeFileSync(passwordFile, "local\n");
  mkdirSync(data);
  if (owner) chownSync(data, owner.uid, owner.gid);
  const settings = ["--username=postgres", "--auth=password", `--pwfile=${passwordFile}`];
  // The locale does not depend on this machine. Nobody needs the data after a loss of power, so no write waits for the disk.
  const flags = [`--pgdata=${data}`, ...settings, "--encoding=UTF8", "--locale=C", "--no-sync"];
  return promisify(execFile)(initdb, flags, { cwd: directory, ...owner });
}

function launch({ postgres, owner }: PostgresPrograms, data: string, port: number): Promise<ChildProcess> {
  const flags = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
  const child = spawn(postgres, flags, { cwd: data, stdio: ["ignore", "ignore", "pipe"], ...owner });
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (reason: string) => {
      clearTimeout(timer);
      child.kill("SIGQUIT");
      reject(new Error(`PostgreSQL did not start on port ${port}: ${reason}`));
    };
    const late = () => fail(`it was not ready after ${START_TIMEOUT_MS} ms`);
    const timer = setTimeout(late, START_TIMEOUT_MS);
    child.once("error", (error) => fail(error.message));
    const ended = () => fail(said.trim().split("\n").at(-1) ?? "it ended at once");
    const listen = (text: Buffer) => {
      said += text.toString("utf8");
      if (!said.includes("ready to accept connections")) return;
      clearTimeout(timer);
      child.off("exit", ended);
      // The output is read to the end, because a full pipe would block the server.
      child.stderr?.off("data", listen).resume();
      resolve(child);
    };
    child.once("exit", ended);
    child.stderr?.on("data", listen);
  });
}

/**
 * Sends a signal to all processes of the server: the parent and one for each connection, each in its own process group. The parent
 * comes first, so that it starts no more.
 */
function signalAll(parent: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (parent?.pid === undefined) return;
  parent.kill(signal);
  for (const pid of childrenOf(parent.pid)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

function childrenOf(parentPid: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === parentPid);
}

/** The parent's id, or null if the process has ended meanwhile. */
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The format is `pid (name) state parent …`, and the name may contain any character.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}
