/** The app's server in its own process. A test chooses its folder and its environment. */
import { type ChildProcess, spawn } from "node:child_process";
import { freePort } from "./free-port";

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  output(): string;
  /** Waits until `/api/health/ready` answers 200. Throws with the server's output if the process exits or takes too long. */
  ready(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly cwd: string;
  /** Arguments of Node. The server listens on the port in the variable PORT. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
}

export async function startServerProcess({ cwd, args, env, uid }: ServerOptions): Promise<ServerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, args, {
    cwd,
    // The app gets only these variables, and nothing from the environment of this process.
    env: { PATH: process.env.PATH, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", PORT: String(port), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) pipe?.on("data", (data: Buffer) => (output += data.toString()));
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(`${url}/api/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  return {
    url,
    child,
    output: () => output,
    async ready(timeoutMs = 240_000) {
      const untilMs = Date.now() + timeoutMs;
      while (!(await isReady())) {
        if (child.exitCode !== null || Date.now() > untilMs)
          throw new Error(`the server is not ready:\n${output.replaceAll(/^/gm, "| ")}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await exit;
      clearTimeout(timer);
    },
  };
}
