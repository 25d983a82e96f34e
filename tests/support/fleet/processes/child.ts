/** A child process with a server. It ends when its parent ends, for whatever reason. */
import { type ChildProcess, spawn } from "node:child_process";

export interface ChildOptions {
  /** A bundled program (bundle.ts) that sends `{port}` to its parent when it listens. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Called with each line that the child writes to stdout or stderr. */
  readonly onLine: (line: string) => void;
  /** Called if the child ends unasked. */
  readonly onLost: (reason: string) => void;
}

export interface Child {
  readonly port: number;
  readonly pid: number;
  /** Sends SIGKILL. Resolves when the child has ended. */
  kill(): Promise<void>;
  /** Sends SIGTERM. Resolves when the child has ended, with `exit code 0` or the signal that ended it. */
  end(): Promise<string>;
}

const START_TIMEOUT_MS = 180_000;
/** Every child of this process that still runs. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a program. Resolves when it listens, or rejects with its first lines. */
export function startChild({ program, env, onLine, onLost }: ChildOptions): Promise<Child> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [program], {
    env: { PATH, HOME, NODE_ENV: "production", ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  running.add(child);
  let isEnding = false;
  const said: string[] = [];
  const gone = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  void gone.then(() => running.delete(child));
  for (const output of [child.stdout, child.stderr]) {
    eachLine(output, (line) => {
      if (said.length < 20) said.push(line);
      onLine(line);
    });
  }
  const kill = async () => {
    isEnding = true;
    child.kill("SIGKILL");
    await gone;
  };
  const end = () => {
    isEnding = true;
    child.kill("SIGTERM");
    return gone;
  };
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer);
      void kill();
      reject(new Error(`an instance did not start: ${reason}\n${said.join("\n")}`));
    };
    const timer = setTimeout(() => fail(`not ready after ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    child.once("message", (message) => {
      clearTimeout(timer);
      void gone.then((reason) => {
        if (!isEnding) onLost(reason);
      });
      resolve({ port: (message as { port: number }).port, pid: child.pid ?? 0, kill, end });
    });
    void gone.then((reason) => fail(reason));
  });
}

function eachLine(output: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  let unread = "";
  output?.setEncoding("utf8");
  output?.on("data", (text: string) => {
    const lines = (unread + text).split("\n");
    unread = lines.pop() ?? "";
    for (const line of lines) if (line !== "") take(line);
  });
}
